import { setTimeout as sleep } from 'node:timers/promises';
import { ConsumerGroup, type StreamEntry } from './consumer-group.ts';
import { type ConsumerSettings, type OrderEventConsumerOptions, settled } from './consumer-options.ts';
import { Deliveries } from './deliveries.ts';
import { GapWatch } from './gap-watch.ts';
import { Listeners } from './listeners.ts';
import { numberOf } from './stream-entry.ts';

/** Redis is tried again after so long, and after twice as long each time, up to a limit. */
const RECONNECT_DELAY_MS = 50;
const RECONNECT_DELAY_MS_MAX = 2_000;

/**
 * Hands the events of all orders to a function, in the order in which they were numbered, and each that was handled once.
 *
 * A new group begins with the oldest event that the stream keeps: what was published before its consumers were first started is
 * not lost to them, and a stream that was lost and rebuilt is read again, where the events that were handled are known by their
 * ids. An event is acknowledged, and remembered as handled, when `handle` has resolved, and both in one step.
 *
 * What remains: a consumer that is killed after the effect of `handle` and before that step sees the event again, and so does one
 * that stood still for longer than `reclaimAfterMs` while another took its entries, and a group whose Redis has lost everything,
 * for events that another consumer, or an earlier run, had handled. Use `event.id` as the idempotency key of the effect.
 *
 * Consumers of one group share the events, so two events of one order can be handled by two of them at once. `event.sequence` tells
 * their order; where it matters, use one consumer, or leave out what comes with a lower sequence than was seen.
 *
 * An event that cannot be handled holds up those behind it until it is moved to the dead letters, which counts as handled.
 *
 * It works with Redis 6.2 and later, with one server or a fail-over by name or address, not with a cluster.
 */
export class OrderEventConsumer implements AsyncDisposable {
  readonly #settings: ConsumerSettings;
  readonly #stopping = new AbortController();
  readonly #listeners: Listeners;
  readonly #deliveries: Deliveries;
  readonly #gaps = new GapWatch();
  #running: Promise<void> | undefined;
  #failures = 0;
  #reclaimedAtMs = Number.NEGATIVE_INFINITY;

  /** @throws RangeError for a limit that makes no sense */
  constructor(options: OrderEventConsumerOptions) {
    this.#settings = settled(options);
    this.#listeners = new Listeners(this.#settings);
    this.#deliveries = new Deliveries(this.#settings, this.#listeners, this.#stopping.signal);
  }

  /** Begins to read, and goes on until it is stopped, whatever becomes of Redis. One that was stopped does not begin again. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the reading at once, and waits for `handle` if it runs. What was read and not handled is handled after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const group = new ConsumerGroup(this.#settings, this.#stopping.signal);
      try {
        await group.connect();
        await this.#consume(group);
      } catch (error) {
        await this.#rest(error);
      } finally {
        await group.close();
      }
    }
  }

  async #rest(error: unknown): Promise<void> {
    if (this.#isStopping || isGroupLost(error)) {
      return;
    }
    if (this.#failures === 0) {
      this.#listeners.trouble(error, { kind: 'redis' });
    }
    const delayMs = RECONNECT_DELAY_MS * 2 ** Math.min(this.#failures, 10);
    this.#failures += 1;
    const { signal } = this.#stopping;
    await sleep(Math.min(delayMs, RECONNECT_DELAY_MS_MAX), undefined, { signal }).catch(() => {});
  }

  /** Each round looks after what is old before it takes what is new: so the order is kept, whatever has come in between. */
  async #consume(group: ConsumerGroup): Promise<void> {
    const { blockMs, reclaimAfterMs } = this.#settings;
    while (!this.#isStopping) {
      const { last, isNew } = await group.open();
      this.#gaps.open(numberOf(last) ?? 0n, isNew);
      const pending = await group.pending();
      if (pending.length > 0) {
        this.#listeners.trimmed(pending.filter(({ fields }) => fields === undefined).map(({ id }) => id));
        await this.#workOff(group, pending);
      } else if (!(await this.#reclaim(group))) {
        const news = await group.news(Math.min(blockMs, reclaimAfterMs));
        await this.#lookForGaps(group, news);
        await this.#workOff(group, news);
      }
      this.#failures = 0;
    }
  }

  /** @returns whether there is something to do now */
  async #reclaim(group: ConsumerGroup): Promise<boolean> {
    if (performance.now() - this.#reclaimedAtMs < this.#settings.reclaimAfterMs / 2) {
      return false;
    }
    const { hasClaimed, trimmed } = await group.reclaim();
    if (!hasClaimed) {
      this.#reclaimedAtMs = performance.now();
    }
    this.#listeners.trimmed(trimmed);
    return hasClaimed;
  }

  async #lookForGaps(group: ConsumerGroup, news: readonly StreamEntry[]): Promise<void> {
    for (const { id } of news) {
      const number = numberOf(id);
      if (number !== undefined) {
        const gap = this.#gaps.before(number);
        // What is missing may have been given to other consumers: the first that is there ends the gap.
        const first = gap && numberOf((await group.firstBehind(gap.after)) ?? id);
        const found = first === undefined ? undefined : this.#gaps.before(first);
        if (found !== undefined) {
          this.#listeners.gap(found);
        }
        this.#gaps.reach(number);
      }
    }
  }

  /** Goes through entries one by one, until one of them is no longer the next. */
  async #workOff(group: ConsumerGroup, entries: readonly StreamEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#isStopping || (await this.#deliveries.deliver(entry, group)) === 'readAgain') {
        return;
      }
    }
  }
}

/** The stream was deleted, and the group with it, perhaps while a reading waited: both are made again, which is no trouble. */
function isGroupLost(error: unknown): boolean {
  return error instanceof Error && /NOGROUP|UNBLOCKED/.test(error.message);
}
