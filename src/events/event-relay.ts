import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EventLead, EventStream, TakeLead } from './ports.ts';
import { Signal } from './signal.ts';

export interface EventRelayOptions {
  readonly takeLead: TakeLead;
  /** Undefined: events are numbered, for those who watch orders, and published once there is a Redis. */
  readonly stream: EventStream | undefined;
  readonly streamLengthMax: number;
  /** How often events of other processes are looked for. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** Told when events have been numbered. */
  readonly onNumbered: () => void;
}

/** So many events are numbered by one statement. */
const NUMBERED_MAX = 500;

/** So many are published by one script, which holds up every other command of Redis for about a millisecond, */
const PUBLISHED_MAX = 100;
/** with a rest after each when there are more: some ten thousand a second. */
const PUBLISH_REST_MS = 5;

/** The lead, or a Redis that is away, is tried again after this. */
const RETRY_MS = 1_000;

/** The stream is asked so often whether it has lost something, also when there is no news. */
const STREAM_CHECK_MS = 5_000;

/**
 * Numbers events as they are committed and publishes them in that order. One process leads, the others stand by. What the stream has
 * is asked of the stream, and never assumed: whatever it has lost is published again, under the same numbers.
 */
export class EventRelay {
  readonly #options: EventRelayOptions;
  readonly #stopping = new AbortController();
  readonly #news = new Signal();
  #running: Promise<void> | undefined;
  #lastNumber = 0n;
  /** What the stream has come to, as far as it is known. */
  #published: bigint | undefined;
  #checkedAtMs = 0;
  #streamRestsUntilMs = 0;
  #isStreamWell = true;

  constructor(options: EventRelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#keepRunning();
  }

  /** Says that there may be news. */
  nudge(): void {
    this.#news.raise();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#news.raise();
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const lead = await this.#options.takeLead(signal);
        if (lead !== undefined) {
          await this.#lead(lead).finally(() => lead.release());
        }
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the relay of events was interrupted: it begins again');
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #lead(lead: EventLead): Promise<void> {
    const { intervalMs, logger } = this.#options;
    this.#lastNumber = await lead.lastNumber();
    this.#published = undefined;
    this.#streamRestsUntilMs = 0;
    logger.info({ lastNumber: String(this.#lastNumber) }, 'this process relays the events');
    while (!this.#stopping.signal.aborted) {
      const isMoreToNumber = await this.#number(lead);
      const isMoreToPublish = await this.#publish(lead);
      if (isMoreToPublish) {
        await sleep(PUBLISH_REST_MS);
      } else if (!isMoreToNumber) {
        await this.#news.wait(intervalMs);
      }
    }
  }

  /** @returns whether there may be more */
  async #number(lead: EventLead): Promise<boolean> {
    const count = await lead.number(NUMBERED_MAX);
    if (count > 0) {
      this.#lastNumber += BigInt(count);
      this.#options.onNumbered();
    }
    return count === NUMBERED_MAX;
  }

  /** Publishes a batch, and learns where the stream is. @returns whether there is more */
  async #publish(lead: EventLead): Promise<boolean> {
    const { stream } = this.#options;
    if (stream === undefined || performance.now() < this.#streamRestsUntilMs) {
      return false;
    }
    const published = await this.#askStream(() => this.#whereStreamIs(stream));
    if (published === undefined) {
      return false;
    }
    if (published > this.#lastNumber) {
      await this.#skip(lead, published);
    }
    if (published >= this.#lastNumber) {
      return false;
    }
    const events = await lead.after(this.#firstWorthPublishing(published), PUBLISHED_MAX);
    this.#published = await this.#askStream(() => stream.publish(published, events));
    if (this.#published === undefined) {
      return false;
    }
    await lead.notePublished(this.#published);
    return events.length > 0 && this.#published < this.#lastNumber;
  }

  /** @returns undefined if the stream cannot be reached: it is left alone for a while then */
  async #askStream(question: () => Promise<bigint>): Promise<bigint | undefined> {
    const { logger } = this.#options;
    try {
      const answer = await question();
      if (!this.#isStreamWell) {
        logger.info('events are published again');
      }
      this.#isStreamWell = true;
      return answer;
    } catch (error) {
      if (this.#isStreamWell) {
        logger.warn({ err: error }, 'events cannot be published: they are kept, and published later');
      }
      this.#isStreamWell = false;
      this.#published = undefined;
      this.#streamRestsUntilMs = performance.now() + RETRY_MS;
      return undefined;
    }
  }

  async #skip(lead: EventLead, published: bigint): Promise<void> {
    this.#options.logger.warn(
      { published: String(published), lastNumber: String(this.#lastNumber) },
      'the stream has events from a life of the database that is gone: numbers go on behind them',
    );
    await lead.skipTo(published);
    this.#lastNumber = published;
  }

  async #whereStreamIs(stream: EventStream): Promise<bigint> {
    const nowMs = performance.now();
    if (this.#published === undefined || nowMs - this.#checkedAtMs > STREAM_CHECK_MS) {
      this.#checkedAtMs = nowMs;
      this.#published = await stream.lastNumber();
    }
    return this.#published;
  }

  /** Whatever lies further back would be trimmed at once. */
  #firstWorthPublishing(published: bigint): bigint {
    const oldest = this.#lastNumber - BigInt(this.#options.streamLengthMax);
    return published > oldest ? published : oldest;
  }
}
