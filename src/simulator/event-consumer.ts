import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { orderStates } from '../orders/order.ts';
import type { SeenChange } from './evidence.ts';

/** What XREAD gives: the stream's name, and its entries with their ids and fields. */
const batchRule = z.tuple([z.tuple([z.string(), z.array(z.tuple([z.string(), z.array(z.string())]))])]).nullable();

const dataRule = z.object({ state: z.templateLiteral(['ORDER_STATE_', z.enum(orderStates)]) });

const BATCH = 500;
const BLOCK_MS = 500;
const RETRY_MS = 100;

/** Reads the stream of events from before the first order to the end of the run, over restarts of Redis. */
export class EventConsumer {
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #stopping = new AbortController();
  readonly #seen = new Map<string, SeenChange[]>();
  readonly #seenIds = new Set<string>();
  #position = '0-0';
  readonly #doubled: string[] = [];
  #running: Promise<void> | undefined;

  constructor(url: string, stream: string) {
    this.#stream = stream;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      blockingTimeout: BLOCK_MS * 4,
      retryStrategy: () => RETRY_MS,
    });
    // Whoever reads hears of it.
    this.#redis.on('error', () => {});
  }

  /** Begins behind what the stream has now. */
  async start(): Promise<void> {
    await this.#redis.connect();
    const [newest] = await this.#redis.xrevrange(this.#stream, '+', '-', 'COUNT', 1);
    this.#position = newest?.[0] ?? '0-0';
    this.#running = this.#run();
    // Whoever stops it hears of what it met.
    this.#running.catch(() => {});
  }

  /** By order, in the order in which they came; each event once. */
  get seen(): ReadonlyMap<string, readonly SeenChange[]> {
    return this.#seen;
  }

  /** The entries that told an event once more, or had a number that no event can have. */
  get doubled(): readonly string[] {
    return this.#doubled;
  }

  /** The number of the last event that was read. */
  get number(): bigint {
    return BigInt(this.#position.split('-')[0] ?? '0');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#redis.disconnect();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const batch: unknown = await this.#redis.xread(
          ...(['COUNT', BATCH, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, this.#position] as const),
        );
        for (const [entryId, fields] of batchRule.parse(batch)?.[0][1] ?? []) {
          this.#take(entryId, fields);
          this.#position = entryId;
        }
      } catch (error) {
        if (error instanceof z.ZodError) {
          throw error;
        }
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  #take(entryId: string, fields: readonly string[]): void {
    const field = (name: string) => fields[fields.findIndex((value, at) => at % 2 === 0 && value === name) + 1] ?? '';
    const id = field('id');
    if (this.#seenIds.has(id) || !entryId.endsWith('-0')) {
      this.#doubled.push(`${entryId} with ${id}`);
      return;
    }
    this.#seenIds.add(id);
    const { state } = dataRule.parse(JSON.parse(field('data')));
    const named = orderStates.find((name) => state === `ORDER_STATE_${name}`);
    const orderId = field('subject');
    if (named !== undefined) {
      const changes = this.#seen.get(orderId) ?? [];
      changes.push({ sequence: Number(field('sequence')), state: named });
      this.#seen.set(orderId, changes);
    }
  }
}
