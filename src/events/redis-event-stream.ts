import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { NumberedEvent } from '../orders/order-event.ts';
import type { EventStream, StreamEnd } from './ports.ts';
import { toStreamFields } from './stream-entry.ts';

export interface RedisEventStreamOptions {
  readonly url: string;
  /** The name of the stream. */
  readonly stream: string;
  readonly lengthMax: number;
  readonly connectTimeoutMs: number;
}

/** A batch of a hundred events takes Redis about a millisecond; whoever waits for seconds waits for a server that hangs. */
const COMMAND_TIMEOUT_MS = 5_000;
const RECONNECT_DELAY_MS_MAX = 1_000;

const LUA = readFileSync(new URL('./publish.lua', import.meta.url), 'utf8');

/** The name of the stream of a deployment whose keys begin with this prefix. */
export function streamName(prefix: string): string {
  return `${prefix}.events`;
}

/** The stream in Redis. An entry's id is the event's number, so that Redis itself refuses what it has already. */
export class RedisEventStream implements EventStream {
  readonly #options: RedisEventStreamOptions;
  readonly #redis: Redis;

  constructor(options: RedisEventStreamOptions) {
    this.#options = options;
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout: options.connectTimeoutMs,
      commandTimeout: COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disconnectTimeout: 100,
      retryStrategy: (times) => Math.min(times * 50, RECONNECT_DELAY_MS_MAX),
      // Redis 6.2 puts words of its own before it, where a command in a script was told so.
      reconnectOnError: (error) => error.message.includes('READONLY'),
    });
    // Whoever publishes hears of it.
    this.#redis.on('error', () => {});
    this.#redis.connect().catch(() => {});
  }

  async end(): Promise<StreamEnd> {
    const { stream } = this.#options;
    // No stream has come to -1: the script says what it has come to instead.
    const number = await this.publish(-1n, []);
    const [entry] = await this.#heard(this.#redis.xrevrange(stream, '+', '-', 'COUNT', 1));
    const [entryId, fields] = entry ?? [];
    return { number, eventId: entryId === `${number}-0` ? fieldOf(fields, 'id') : undefined };
  }

  async publish(after: bigint, events: readonly NumberedEvent[]): Promise<bigint> {
    const { stream, lengthMax } = this.#options;
    const entries = events.map((event) => [String(event.number), ...toStreamFields(event)]);
    const sized = entries.flatMap((entry) => [entry.length, ...entry]);
    const last: unknown = await this.#heard(this.#redis.eval(LUA, 1, stream, String(after), lengthMax, ...sized));
    return BigInt(String(last));
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** A connection on which an answer was not heard is given up: it may be deaf, and later answers would be taken for earlier ones. */
  async #heard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Error && error.message === 'Command timed out') {
        this.#redis.disconnect(true);
      }
      throw error;
    }
  }
}

function fieldOf(fields: readonly string[] | undefined, name: string): string | undefined {
  const index = fields?.findIndex((field, at) => at % 2 === 0 && field === name) ?? -1;
  return index < 0 ? undefined : fields?.[index + 1];
}
