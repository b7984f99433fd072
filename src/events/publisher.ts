import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { NumberedEvent } from '../orders/order-event.ts';
import type { EventLead, EventStream, TracePublish } from './ports.ts';
import { Signal } from './signal.ts';

export interface PublisherOptions {
  readonly lead: EventLead;
  readonly stream: EventStream;
  readonly streamLengthMax: number;
  /** Shows the publishing of events in the traces in which they came to be. */
  readonly tracePublish?: TracePublish | undefined;
  readonly logger: Logger;
}

/** So many are published by one script, which holds up every other command of Redis for about a millisecond, */
const PUBLISHED_MAX = 100;
/** with a rest after each when there are more: some ten thousand a second. */
const REST_MS = 5;

/** A stream that cannot be reached is tried again after this. */
const RETRY_MS = 1_000;

/** The stream is asked so often whether it has lost something, also when there is no news. */
const CHECK_MS = 5_000;

/**
 * Publishes numbered events in their order. What the stream has is asked of the stream, and never assumed: whatever it has lost is
 * published again, under the same numbers.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #news = new Signal();
  /** What the stream has come to; undefined while that is not known. */
  #published: bigint | undefined;
  #isWell = true;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Says that events have been numbered. */
  nudge(): void {
    this.#news.raise();
  }

  /** Publishes until the signal is aborted. @throws what the lead throws */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#news.raise(), { once: true });
    while (!signal.aborted) {
      const isMore = await this.#publishSome();
      if (isMore) {
        await sleep(REST_MS);
      } else if (this.#published === undefined) {
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      } else {
        await this.#waitForNews();
      }
    }
  }

  /** Without news, the stream is asked what it has come to. */
  async #waitForNews(): Promise<void> {
    if (!(await this.#news.wait(CHECK_MS))) {
      this.#published = undefined;
    }
  }

  /** @returns whether there is more */
  async #publishSome(): Promise<boolean> {
    const { lead } = this.#options;
    const published = this.#published ?? (await this.#whereStreamIs());
    const lastNumber = await lead.lastNumber();
    if (published === undefined || published >= lastNumber) {
      this.#published = published;
      return false;
    }
    const events = await lead.after(this.#firstWorthPublishing(published, lastNumber), PUBLISHED_MAX);
    if (events.length === 0) {
      // The stream has lost what PostgreSQL no longer has.
      this.#published = published;
      return false;
    }
    const reached = await this.#askStream(() => this.#publish(published, events));
    if (reached === undefined || reached !== events.at(-1)?.number) {
      // Nothing was published: the stream is asked again, and compared with the events.
      this.#published = undefined;
      return reached !== undefined;
    }
    this.#published = reached;
    await lead.notePublished(reached);
    return reached < lastNumber;
  }

  #publish(published: bigint, events: readonly NumberedEvent[]): Promise<bigint> {
    const { stream, tracePublish } = this.#options;
    const traceParents = events.flatMap(({ traceParent }) => traceParent ?? []);
    const publish = () => stream.publish(published, events);
    return tracePublish === undefined || traceParents.length === 0 ? publish() : tracePublish(traceParents, publish);
  }

  async #whereStreamIs(): Promise<bigint | undefined> {
    const { lead, stream, logger } = this.#options;
    const end = await this.#askStream(() => stream.end());
    if (end !== undefined && (await lead.reconcile(end))) {
      logger.warn(
        { number: String(end.number) },
        'the stream has events from a life of the database that is gone: numbers go on behind them',
      );
    }
    return end?.number;
  }

  /** Whatever lies further back would be trimmed at once. */
  #firstWorthPublishing(published: bigint, lastNumber: bigint): bigint {
    const oldest = lastNumber - BigInt(this.#options.streamLengthMax);
    return published > oldest ? published : oldest;
  }

  /** @returns undefined if the stream cannot be reached */
  async #askStream<T>(question: () => Promise<T>): Promise<T | undefined> {
    const { logger } = this.#options;
    try {
      const answer = await question();
      if (!this.#isWell) {
        logger.info('events are published again');
      }
      this.#isWell = true;
      return answer;
    } catch (error) {
      if (this.#isWell) {
        logger.warn({ err: error }, 'events cannot be published: they are kept, and published later');
      }
      this.#isWell = false;
      return undefined;
    }
  }
}
