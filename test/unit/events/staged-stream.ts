import type { EventStream, StreamEnd } from '../../../src/events/ports.ts';
import type { NumberedEvent } from '../../../src/orders/order-event.ts';
import type { StagedLead } from './staged-lead.ts';

/** A stream that keeps what is published, and notes in the story of a lead what it is asked. */
export class StagedStream implements EventStream {
  /** The number that it has come to; a test may put it elsewhere. */
  last: bigint;
  readonly published: NumberedEvent[] = [];
  readonly batches: number[] = [];
  /** Each question that is behind a hold or a failure ends with it. */
  before: (question: 'end' | 'publish', time: number) => Promise<void> = async () => {};
  readonly #lead: StagedLead;
  readonly #times = { end: 0, publish: 0 };

  constructor(lead: StagedLead, last = 0n) {
    this.#lead = lead;
    this.last = last;
  }

  async end(): Promise<StreamEnd> {
    this.#lead.note('end');
    await this.before('end', ++this.#times.end);
    return { number: this.last, eventId: undefined };
  }

  async publish(after: bigint, events: readonly NumberedEvent[]): Promise<bigint> {
    this.#lead.note(`publish ${after}`);
    await this.before('publish', ++this.#times.publish);
    const reached = events.at(-1)?.number;
    if (after !== this.last || reached === undefined) return this.last;
    this.published.push(...events);
    this.batches.push(events.length);
    this.last = reached;
    return reached;
  }

  close(): void {}
}
