import type { Logger } from 'pino';
import type { NumberedEvent } from '../orders/order-event.ts';
import type { NumberedEvents } from './ports.ts';
import { Signal } from './signal.ts';

export interface EventFeedOptions {
  readonly events: NumberedEvents;
  /** How often it looks for news. */
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Hears of an order. */
export interface EventListener {
  /** An event of it, in the order of their sequence. */
  onEvent(event: NumberedEvent): void;
  /** There may have been events that were not told. */
  onMissed(): void;
}

const EVENTS_MAX = 1_000;
const CHECK_MS = 5_000;

/**
 * Tells listeners what happens to their orders: one query for all of them together, and none without listeners. It reads PostgreSQL,
 * so that nobody has to care how Redis is.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #listeners = new Map<string, Set<EventListener>>();
  readonly #news = new Signal();
  #running: Promise<void> | undefined;
  #position: bigint | undefined;
  #hasPosition = Promise.withResolvers<void>();
  #isWell = true;
  #checkedAtMs = performance.now();
  #isClosed = false;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** How many listen now. */
  get listenersNow(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Listens to the events of an order.
   * @returns `begun` resolves once everything is told that is committed from then on, or rejects if the database cannot be read;
   * `stop` ends it
   */
  listen(orderId: string, listener: EventListener): { readonly begun: Promise<void>; stop(): void } {
    const listeners = this.#listeners.get(orderId) ?? new Set();
    this.#listeners.set(orderId, listeners.add(listener));
    this.#running ??= this.#run();
    return {
      begun: this.#hasPosition.promise,
      stop: () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          this.#listeners.delete(orderId);
        }
      },
    };
  }

  /** Says that there may be news. */
  nudge(): void {
    this.#news.raise();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#news.raise();
    await this.#running;
  }

  /** Runs for as long as somebody listens. */
  async #run(): Promise<void> {
    while (this.#listeners.size > 0 && !this.#isClosed) {
      const isMore = await this.#tellNews();
      if (!isMore) {
        await this.#news.wait(this.#options.intervalMs);
      }
    }
    this.#running = undefined;
    this.#position = undefined;
    this.#hasPosition = Promise.withResolvers();
  }

  /** Whoever wants to begin now is told that it cannot; those who listen already wait. */
  #refuseBeginners(error: unknown): void {
    this.#hasPosition.promise.catch(() => {});
    this.#hasPosition.reject(error);
    this.#hasPosition = Promise.withResolvers();
  }

  /**
   * A database that was put back to an older state gives numbers again that were told before. That is looked for now and then, and
   * after each failure.
   */
  async #checkPosition(position: bigint): Promise<void> {
    if (this.#isWell && performance.now() - this.#checkedAtMs < CHECK_MS) {
      return;
    }
    const lastNumber = await this.#options.events.lastNumber();
    this.#checkedAtMs = performance.now();
    if (lastNumber < position) {
      this.#position = lastNumber;
      for (const listeners of this.#listeners.values()) {
        for (const listener of listeners) {
          listener.onMissed();
        }
      }
    }
  }

  /** @returns whether there may be more */
  async #tellNews(): Promise<boolean> {
    const { events, logger } = this.#options;
    try {
      this.#position ??= await events.lastNumber();
      this.#hasPosition.resolve();
      await this.#checkPosition(this.#position);
      const news = await events.after(this.#position, EVENTS_MAX);
      for (const event of news) {
        this.#position = event.number;
        for (const listener of this.#listeners.get(event.orderId) ?? []) {
          listener.onEvent(event);
        }
      }
      this.#isWell = true;
      return news.length === EVENTS_MAX;
    } catch (error) {
      if (this.#position === undefined) {
        this.#refuseBeginners(error);
      }
      if (this.#isWell) {
        logger.warn({ err: error }, 'the news about orders cannot be read: who watches an order hears of it later');
      }
      this.#isWell = false;
      return false;
    }
  }
}
