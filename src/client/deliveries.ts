import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderEvent } from '../generated/orders/v1/order_event.ts';
import type { ConsumerGroup, StreamEntry } from './consumer-group.ts';
import type { ConsumerSettings } from './consumer-options.ts';
import { HandledEvents } from './handled-events.ts';
import type { Listeners } from './listeners.ts';
import { numberOf, readEntry } from './stream-entry.ts';

/** What comes behind an entry: the next one, or a new look at what the consumer was given. */
export type Next = 'next' | 'readAgain';

/** What came of an attempt: `undefined` if the event was handled. */
type Failure = { readonly error: unknown } | undefined;

/** Brings entries to an end: each is handled, known to have been, set aside, or left to whoever has claimed it. */
export class Deliveries {
  readonly #settings: ConsumerSettings;
  readonly #listeners: Listeners;
  readonly #stopping: AbortSignal;
  readonly #handled: HandledEvents;

  constructor(settings: ConsumerSettings, listeners: Listeners, stopping: AbortSignal) {
    this.#settings = settings;
    this.#listeners = listeners;
    this.#stopping = stopping;
    this.#handled = new HandledEvents(settings.rememberMax);
  }

  async deliver({ id, fields }: StreamEntry, group: ConsumerGroup): Promise<Next> {
    if (fields === undefined) {
      await group.settle({ entryId: id, eventId: undefined });
      return 'next';
    }
    const read = readEntry(fields);
    if (read.kind === 'event' && numberOf(id) !== undefined) {
      return await this.#see(read.event, id, group);
    }
    const reason = read.kind === 'notAnEvent' ? read.reason : 'its id is not <number>-0';
    const deadReason = this.#settings.deadLetters ? reason : undefined;
    await group.settle({ entryId: id, eventId: undefined, deadReason });
    this.#listeners.trouble(new Error(`the entry ${id} is no event of orders: ${reason}`), {
      kind: 'notAnEvent',
      entryId: id,
    });
    return 'next';
  }

  /** Has an event handled, unless it was; again and again if need be. */
  async #see(event: OrderEvent, entryId: string, group: ConsumerGroup): Promise<Next> {
    while (!this.#stopping.aborted) {
      // What was handled before Redis forgot it, or could no longer be told, is told now.
      const take = this.#handled.has(event.id) ? { kind: 'handled' as const } : await group.take(entryId, event.id);
      switch (take.kind) {
        case 'lost':
          return 'next';
        case 'earlier':
          return 'readAgain';
        case 'handled':
          await group.settle({ entryId, eventId: event.id });
          return 'next';
        case 'ours': {
          const isDone = await whileAlive(group, this.#settings, () =>
            this.#attempt(event, entryId, group, take.attempt),
          );
          if (isDone) {
            return 'next';
          }
        }
      }
    }
    return 'readAgain';
  }

  /** @returns whether the event has come to its end */
  async #attempt(event: OrderEvent, entryId: string, group: ConsumerGroup, attempt: number): Promise<boolean> {
    const { attemptsMax, deadLetters } = this.#settings;
    const wasFatal = deadLetters && attempt > attemptsMax;
    const failure = wasFatal
      ? { error: new Error(`consumers have died of it ${attemptsMax} times`) }
      : await this.#handle(event);
    if (failure === undefined) {
      this.#handled.add(event.id);
      await group.settle({ entryId, eventId: event.id });
      return true;
    }
    const { error } = failure;
    if (deadLetters && attempt >= attemptsMax) {
      await group.settle({ entryId, eventId: event.id, deadReason: String(error) });
      this.#listeners.trouble(error, { kind: 'deadEvent', event, attempt });
      return true;
    }
    const retryInMs = retryDelay(attempt, this.#settings);
    this.#listeners.trouble(error, { kind: 'handle', event, attempt, retryInMs });
    await sleep(retryInMs, undefined, { signal: this.#stopping }).catch(() => {});
    return false;
  }

  async #handle(event: OrderEvent): Promise<Failure> {
    try {
      await this.#settings.handle(event);
      return undefined;
    } catch (error) {
      return { error };
    }
  }
}

/** Signs of life of the consumer, for as long as the work takes. One that does not arrive is followed by another. */
async function whileAlive<T>(
  group: ConsumerGroup,
  { reclaimAfterMs }: ConsumerSettings,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => group.renew().catch(() => {}), reclaimAfterMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

function retryDelay(attempt: number, { retryDelayMs, retryDelayMsMax }: ConsumerSettings): number {
  return Math.min(retryDelayMs * 2 ** Math.min(attempt - 1, 30), retryDelayMsMax);
}
