import { Redis } from 'ioredis';

export interface RebuildStreamOptions {
  readonly url: string;
  /** The name of the stream. */
  readonly stream: string;
  readonly connectTimeoutMs: number;
}

/** What a stream has now. */
export interface StreamContents {
  readonly length: number;
  /** The number of the last event that was ever published in it; 0 if none was. */
  readonly lastNumber: bigint;
}

/** Deleting a stream of a hundred thousand events takes Redis a few milliseconds; of a hundred million, some seconds. */
const COMMAND_TIMEOUT_MS = 15_000;

/** The stream in Redis, for whoever empties it. Whatever Redis does not do is an error. */
export class RebuildStream {
  readonly #stream: string;
  readonly #redis: Redis;

  private constructor(redis: Redis, stream: string) {
    this.#redis = redis;
    this.#stream = stream;
  }

  static async open({ url, stream, connectTimeoutMs }: RebuildStreamOptions): Promise<RebuildStream> {
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: connectTimeoutMs,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disconnectTimeout: 100,
    });
    let fault: Error | undefined;
    // The promise of the connection says only that it was closed, not why.
    redis.on('error', (error) => {
      fault = error;
    });
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw fault ?? error;
    }
    return new RebuildStream(redis, stream);
  }

  /** What is under the stream's name: `stream`, `none`, or the type of a foreign value. */
  async type(): Promise<string> {
    return await this.#redis.type(this.#stream);
  }

  async contents(): Promise<StreamContents> {
    if ((await this.type()) === 'none') {
      return { length: 0, lastNumber: 0n };
    }
    const facts: readonly unknown[] = await this.#redis.xinfo('STREAM', this.#stream).then(asList);
    const fact = (name: string) => String(facts[facts.indexOf(name) + 1]);
    const [number = '0'] = fact('last-generated-id').split('-');
    return { length: Number(fact('length')), lastNumber: BigInt(number) };
  }

  /** The number of the oldest event that it has. */
  async firstNumber(): Promise<bigint | undefined> {
    const [first] = await this.#redis.xrange(this.#stream, '-', '+', 'COUNT', 1);
    return first && BigInt(first[0].split('-')[0] ?? '');
  }

  /** Empties the stream, its consumer groups, too. It is filled again with the events behind this number. */
  async empty(after: bigint): Promise<void> {
    const emptying = this.#redis.multi().del(this.#stream);
    if (after > 0n) {
      // An empty stream that has come to this number: the relay goes on behind it.
      emptying.xgroup('CREATE', this.#stream, 'rebuild', '0', 'MKSTREAM');
      emptying.xgroup('DESTROY', this.#stream, 'rebuild');
      emptying.call('XSETID', this.#stream, `${after}-0`);
    }
    const results = (await emptying.exec()) ?? [];
    for (const [error] of results) {
      if (error !== null) {
        throw error;
      }
    }
  }

  close(): void {
    this.#redis.disconnect();
  }
}

function asList(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
