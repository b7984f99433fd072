import { type RedisLink, RedisUnavailableError } from './redis-link.ts';
import type { ScriptCall } from './script-client.ts';
import type { ScriptName } from './scripts.ts';

/** So many calls keep Redis busy for about a millisecond. */
const CALLS_MAX = 64;

/** What the arguments of a batch may have; the call that exceeds it is the last. Answers are in them. */
const BYTES_MAX = 256 * 1_024;

/** What a node of a cluster says of names that are not all in one slot. */
const CROSS_SLOT = /^CROSSSLOT\b/;

interface Asked {
  readonly call: ScriptCall;
  /** Reads the reply; the result tells whoever asked. @throws ReplyError */
  readonly read: (reply: unknown) => () => void;
  readonly reject: (error: unknown) => void;
}

/** Sends what is asked of a script in one turn of the event loop as one command: a command costs both sides more than what it does. */
export class ScriptBatches {
  readonly #link: Pick<RedisLink, 'run'>;
  readonly #asked = new Map<ScriptName, Asked[]>();
  #callsMax = CALLS_MAX;

  constructor(link: Pick<RedisLink, 'run'>) {
    this.#link = link;
  }

  /**
   * Runs a script for one record.
   * @param decode reads the reply; what it throws spoils the replies of the whole batch
   * @throws RedisUnavailableError
   */
  run<T>(script: ScriptName, call: ScriptCall, decode: (reply: unknown) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const read = (reply: unknown) => {
      const value = decode(reply);
      return () => resolve(value);
    };
    if (this.#asked.size === 0) {
      setImmediate(() => this.#sendAll());
    }
    const asked = this.#asked.get(script) ?? [];
    asked.push({ call, read, reject });
    this.#asked.set(script, asked);
    return promise;
  }

  #sendAll(): void {
    const all = [...this.#asked];
    this.#asked.clear();
    for (const [script, asked] of all) {
      for (const batch of this.#batchesOf(asked)) {
        void this.#send(script, batch);
      }
    }
  }

  *#batchesOf(asked: readonly Asked[]): Generator<readonly Asked[]> {
    let batch: Asked[] = [];
    let bytes = 0;
    for (const each of asked) {
      batch.push(each);
      bytes += bytesOf(each.call);
      if (batch.length >= this.#callsMax || bytes >= BYTES_MAX) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) {
      yield batch;
    }
  }

  /** Never rejects: it is those who asked that are told. */
  async #send(script: ScriptName, batch: readonly Asked[]): Promise<void> {
    try {
      const tell = await this.#link.run(async (client) => {
        const replies = await client.run(
          script,
          batch.map(({ call }) => call),
        );
        return batch.map(({ read }, index) => read(replies[index]));
      });
      for (const each of tell) {
        each();
      }
    } catch (error) {
      if (isCrossSlot(error)) {
        this.#callsMax = 1;
      }
      for (const { reject } of batch) {
        reject(error);
      }
    }
  }
}

function bytesOf({ args }: ScriptCall): number {
  return args.reduce<number>((sum, argument) => sum + (Buffer.isBuffer(argument) ? argument.length : 0), 0);
}

/** Redis is part of a cluster, or something before it spreads names over several servers: each record goes by itself from now on. */
function isCrossSlot(error: unknown): boolean {
  return error instanceof RedisUnavailableError && error.cause instanceof Error && CROSS_SLOT.test(error.cause.message);
}
