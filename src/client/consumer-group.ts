import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { z } from 'zod';
import type { ConsumerSettings } from './consumer-options.ts';
import { within } from './within.ts';

/** An entry as it was read. Without fields it was trimmed since it was given to the consumer. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[] | undefined;
}

/** A group as it was found, or made. */
export interface OpenedGroup {
  /** The id of the last entry that it has given to a consumer; 0-0: none. */
  readonly last: string;
  readonly isNew: boolean;
}

/** Whether an entry may be handled now. */
export type Take =
  | { readonly kind: 'handled' | 'lost' | 'earlier' }
  | { readonly kind: 'ours'; readonly attempt: number };

export interface Settlement {
  readonly entryId: string;
  /** Undefined if the entry is no event. */
  readonly eventId: string | undefined;
  /** Why it is a dead letter; undefined if it is none. */
  readonly deadReason?: string | undefined;
}

const REASON_CHARACTERS_MAX = 1_000;

const script = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
const scripts = { open: script('open'), take: script('take'), renew: script('renew'), settle: script('settle') };

// The same under RESP2 and RESP3: ioredis gives both in the shapes of RESP2, unless asked for others.
const entriesRule = z.array(
  z
    .tuple([z.string(), z.array(z.string()).nullable()])
    .transform(([id, fields]): StreamEntry => ({ id, fields: fields ?? undefined })),
);
const readRule = z
  .tuple([z.tuple([z.string(), entriesRule])])
  .transform(([[, entries]]) => entries)
  .nullable()
  .transform((entries) => entries ?? []);
// Redis 6.2 says nothing of entries that were trimmed, and claims them with the others.
const claimRule = z.union([
  z.tuple([z.string(), z.array(z.string()), z.array(z.string())]),
  z.tuple([z.string(), z.array(z.string())]).transform(([next, ids]) => [next, ids, []] as const),
]);
const openRule = z
  .tuple([z.string(), z.number()])
  .transform(([last, isNew]): OpenedGroup => ({ last, isNew: isNew === 1 }));
const takeRule = z.union([
  z.tuple([z.literal('HANDLED')]).transform((): Take => ({ kind: 'handled' })),
  z.tuple([z.literal('LOST')]).transform((): Take => ({ kind: 'lost' })),
  z.tuple([z.literal('EARLIER')]).transform((): Take => ({ kind: 'earlier' })),
  z.tuple([z.literal('OURS'), z.number()]).transform(([, attempt]): Take => ({ kind: 'ours', attempt })),
]);

/**
 * A consumer's place in its group, for as long as the connections last: one for readings that wait, one for everything else. It does
 * not mend them: after any error it is closed, and another one is made.
 */
export class ConsumerGroup {
  readonly #settings: ConsumerSettings;
  readonly #stopping: AbortSignal;
  readonly #commands: Redis;
  readonly #reader: Redis;
  readonly #keys: { readonly handled: string; readonly attempts: string; readonly dead: string };
  #claimCursor = '0-0';

  constructor(settings: ConsumerSettings, stopping: AbortSignal) {
    this.#settings = settings;
    this.#stopping = stopping;
    this.#commands = newConnection(settings);
    this.#reader = newConnection(settings);
    const prefix = `${settings.stream}:${settings.group}`;
    this.#keys = { handled: `${prefix}:handled`, attempts: `${prefix}:attempts`, dead: `${prefix}:dead` };
  }

  async connect(): Promise<void> {
    const { commandTimeoutMs } = this.#settings;
    const connected = Promise.all([this.#commands.connect(), this.#reader.connect()]);
    await within(connected, commandTimeoutMs, this.#stopping);
  }

  /** Resolves when Redis has let go: it gives nothing more to readings that still waited there. */
  async close(): Promise<void> {
    await Promise.all([closed(this.#commands), closed(this.#reader)]);
  }

  /** Makes the group if it is not there. */
  async open(): Promise<OpenedGroup> {
    const { stream, group } = this.#settings;
    return openRule.parse(await this.#ask(this.#commands.eval(scripts.open, 1, stream, group)));
  }

  /** What this consumer was given and has not acknowledged, oldest first: a batch of it. */
  async pending(): Promise<readonly StreamEntry[]> {
    const { stream, group, consumer, batch } = this.#settings;
    const reading = this.#commands.xreadgroup('GROUP', group, consumer, 'COUNT', batch, 'STREAMS', stream, '0');
    return readRule.parse(await this.#ask(reading));
  }

  /** Waits for entries that no consumer was given yet. Empty if none came in time. @throws the reason of the signal */
  async news(waitMs: number): Promise<readonly StreamEntry[]> {
    const { stream, group, consumer, batch, commandTimeoutMs } = this.#settings;
    const reading = this.#reader.xreadgroup(
      ...(['GROUP' as const, group, consumer, 'COUNT' as const, batch, 'BLOCK' as const, waitMs] as const),
      ...(['STREAMS' as const, stream, '>'] as const),
    );
    return readRule.parse(await within(reading, waitMs + commandTimeoutMs, this.#stopping));
  }

  /**
   * Takes over entries of consumers that give no sign of life; `pending` has them then.
   * @returns whether there are any, and the ids of those that were trimmed
   */
  async reclaim(): Promise<{ readonly hasClaimed: boolean; readonly trimmed: readonly string[] }> {
    const { stream, group, consumer, reclaimAfterMs, batch } = this.#settings;
    const from = this.#claimCursor;
    const claim = this.#commands.xautoclaim(stream, group, consumer, reclaimAfterMs, from, 'COUNT', batch, 'JUSTID');
    const [next, ids, trimmed] = claimRule.parse(await this.#ask(claim));
    this.#claimCursor = next;
    return { hasClaimed: ids.length > 0, trimmed };
  }

  /** The id of the first entry in the stream behind this number. */
  async firstBehind(number: bigint): Promise<string | undefined> {
    const found = await this.#ask(this.#commands.xrange(this.#settings.stream, `${number + 1n}-0`, '+', 'COUNT', 1));
    return found[0]?.[0];
  }

  async take(entryId: string, eventId: string): Promise<Take> {
    const { stream, group, consumer, rememberMs } = this.#settings;
    const { handled, attempts } = this.#keys;
    return takeRule.parse(
      await this.#ask(
        this.#commands.eval(
          ...([scripts.take, 3, stream, handled, attempts, group, consumer, entryId, eventId, rememberMs] as const),
        ),
      ),
    );
  }

  /** A sign of life. */
  async renew(): Promise<void> {
    const { stream, group, consumer, batch } = this.#settings;
    await this.#ask(this.#commands.eval(scripts.renew, 1, stream, group, consumer, 2 * batch));
  }

  /** Acknowledges an entry and remembers its event, in one. */
  async settle({ entryId, eventId = '', deadReason }: Settlement): Promise<void> {
    const { stream, group, rememberMs, rememberMax, deadLettersMax } = this.#settings;
    const { handled, attempts, dead } = this.#keys;
    const keys = [stream, handled, attempts, dead] as const;
    const deadMax = deadReason === undefined ? 0 : deadLettersMax;
    const reason = deadReason?.slice(0, REASON_CHARACTERS_MAX).toWellFormed() ?? '';
    await this.#ask(
      this.#commands.eval(
        ...([scripts.settle, keys.length, ...keys, group, entryId, eventId] as const),
        ...([Date.now(), rememberMs, rememberMax, deadMax, reason] as const),
      ),
    );
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    return await within(answer, this.#settings.commandTimeoutMs);
  }
}

const CLOSE_LIMIT_MS = 500;

/** A server that is away is not waited for. */
async function closed(redis: Redis): Promise<void> {
  const ended = redis.status === 'end' ? Promise.resolve() : new Promise<void>((resolve) => redis.once('end', resolve));
  redis.disconnect();
  await within(ended, CLOSE_LIMIT_MS).catch(() => {});
}

/** A connection that is not mended when it is lost, and keeps nothing back for later. */
function newConnection({ url, commandTimeoutMs }: ConsumerSettings): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: commandTimeoutMs,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disconnectTimeout: 100,
  });
  // Whoever asks hears of it.
  redis.on('error', () => {});
  return redis;
}
