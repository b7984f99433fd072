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
  /**
   * Compares the stream with the events. If the stream's last entry is not the event of its number, the database was put back to an older
   * state: numbers that were given since and may have been used before are taken back, and numbering goes on behind the stream.
   * @returns whether that was so
   */
  reconcile(last: StreamEnd): Promise<boolean>;
  /** Notes how far the stream has come. */
  notePublished(number: bigint): Promise<void>;
  release(): Promise<void>;
}

/** Waits for the lead, which another process may have. @returns undefined if the signal was aborted before */
export type TakeLead = (signal: AbortSignal) => Promise<EventLead | undefined>;

/** What a stream ends with. */
export interface StreamEnd {
  /** The number of the last event that was ever published in it; 0 if none was, or if the stream has been lost. */
  readonly number: bigint;
  /** The id of that event; undefined if its entry is gone. */
  readonly eventId: string | undefined;
}

/** Runs the publishing of events that have a trace. */
export type TracePublish = <T>(traceParents: readonly string[], work: () => Promise<T>) => Promise<T>;

/** The stream in which events are published. */
export interface EventStream {
  end(): Promise<StreamEnd>;
  /**
   * Publishes events behind the last one.
   * @param after the number that the stream is expected to have come to
   * @returns the number that it has come to. If it had come to another than expected, nothing was published
   */
  publish(after: bigint, events: readonly NumberedEvent[]): Promise<bigint>;
  close(): void;
}
