import type { NumberedEvent } from '../orders/order-event.ts';

/** Where the events of all orders stand, one behind the other, once they are numbered. */
export interface NumberedEvents {
  /** The number of the newest event; 0 if there is none. */
  lastNumber(): Promise<bigint>;
  /** The events behind a number, in order. */
  after(number: bigint, limit: number): Promise<readonly NumberedEvent[]>;
}

/** The right to number events, which one process has at a time. */
export interface EventLead extends NumberedEvents {
  /**
   * Gives the next numbers to events that have none.
   * @returns how many there were
   */
  number(limit: number): Promise<number>;
  /** Lets numbers go on behind this one, if they do not yet: it was used, in a life of the database that is gone. */
  skipTo(number: bigint): Promise<void>;
  /** Notes how far the stream has come. */
  notePublished(number: bigint): Promise<void>;
  release(): Promise<void>;
}

/** Waits for the lead, which another process may have. @returns undefined if the signal was aborted before */
export type TakeLead = (signal: AbortSignal) => Promise<EventLead | undefined>;

/** The stream in which events are published. */
export interface EventStream {
  /** The number of the last event that was ever published in it; 0 if none was, or if the stream has been lost. */
  lastNumber(): Promise<bigint>;
  /**
   * Publishes events behind the last one. Those that are there already are left out.
   * @param after the number that the stream is expected to have come to
   * @returns the number that it has come to, which is another than expected if the stream has lost something; nothing was
   * published then
   */
  publish(after: bigint, events: readonly NumberedEvent[]): Promise<bigint>;
  close(): void;
}
