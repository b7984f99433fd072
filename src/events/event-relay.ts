import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EventLead, EventStream, TakeLead, TracePublish } from './ports.ts';
import { Publisher } from './publisher.ts';
import { Signal } from './signal.ts';

export interface EventRelayOptions {
  readonly takeLead: TakeLead;
  /** Undefined: events are numbered, for those who watch orders, and published once there is a Redis. */
  readonly stream: EventStream | undefined;
  readonly streamLengthMax: number;
  /** Shows the publishing of events in the traces in which they came to be. */
  readonly tracePublish?: TracePublish | undefined;
  /** How often events of other processes are looked for. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** Told when events have been numbered. */
  readonly onNumbered: () => void;
}

/** So many events are numbered by one statement. */
const NUMBERED_MAX = 500;

/** The lead is tried again after this. */
const RETRY_MS = 1_000;

/**
 * Numbers events as they are committed, and has them published in that order. One process leads, the others stand by. Numbering does
 * not wait for Redis: who watches orders hears of them all the same.
 */
export class EventRelay {
  readonly #options: EventRelayOptions;
  readonly #stopping = new AbortController();
  readonly #news = new Signal();
  #running: Promise<void> | undefined;

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
    const { takeLead, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const lead = await takeLead(signal);
        if (lead !== undefined) {
          await this.#lead(lead).finally(() => lead.release());
        }
      } catch (error) {
        logger.warn({ err: error }, 'the relay of events was interrupted: it begins again');
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Numbers and publishes, side by side, until one of them fails or all is to stop. */
  async #lead(lead: EventLead): Promise<void> {
    const { stream, logger } = this.#options;
    logger.info('this process relays the events');
    const ended = new AbortController();
    const end = () => ended.abort();
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    if (this.#stopping.signal.aborted) {
      end();
    }
    const publisher = stream === undefined ? undefined : new Publisher({ ...this.#options, lead, stream });
    const parts = [this.#number(lead, ended.signal, () => publisher?.nudge()), publisher?.run(ended.signal)];
    for (const part of parts) {
      part?.then(end, end);
    }
    ended.signal.addEventListener('abort', () => this.#news.raise(), { once: true });
    try {
      await Promise.all(parts);
    } finally {
      await Promise.allSettled(parts);
      this.#stopping.signal.removeEventListener('abort', end);
    }
  }

  async #number(lead: EventLead, signal: AbortSignal, onNumbered: () => void): Promise<void> {
    const { intervalMs } = this.#options;
    while (!signal.aborted) {
      const count = await lead.number(NUMBERED_MAX);
      if (count > 0) {
        onNumbered();
        this.#options.onNumbered();
      }
      if (count < NUMBERED_MAX) {
        await this.#news.wait(intervalMs);
      }
    }
  }
}
