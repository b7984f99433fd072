import { expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { connectionOptions } from '../../../../src/idempotency/redis/connection-options.ts';
import { decodeBegin, decodeClaim, decodeLook } from '../../../../src/idempotency/redis/decode-reply.ts';
import { createScriptClient, type ScriptClient } from '../../../../src/idempotency/redis/script-client.ts';
import { readScriptContract } from './contract.ts';
import { type Fields, ID, type ScriptRow, usualArguments } from './script-row.ts';

const STAMPS = ['lease_ends_ms', 'expires_ms', 'first_ms', 'claimed_ms'];
/** How long a record of a row lives before the script runs: no script may leave it for ever. */
const BEFORE_TTL_MS = 90_000;

/** Runs single scripts as the store does, and looks at what they leave behind. */
export class ScriptBench {
  readonly #client: ScriptClient;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#client = createScriptClient(url, { ...connectionOptions(1_000), enableOfflineQueue: true });
    this.#key = key;
  }

  get redis(): Redis {
    return this.#client.redis;
  }

  close(): void {
    this.#client.redis.disconnect();
  }

  async clockMs(): Promise<number> {
    const [seconds, microseconds] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  /** Puts there what a row wants to be there. */
  async prepare({ before }: Pick<ScriptRow, 'before'>): Promise<Fields | undefined> {
    await this.redis.del(this.#key);
    if (before === 'string') {
      await this.redis.set(this.#key, 'a value', 'PX', BEFORE_TTL_MS);
    } else if (before !== undefined) {
      const fields = Object.entries(before(await this.clockMs())).map(
        ([name, value]) => [name, latin1(value)] as const,
      );
      await this.redis.hset(this.#key, new Map(fields));
      await this.redis.pexpire(this.#key, BEFORE_TTL_MS);
    }
    return await this.contents();
  }

  /** Runs a row's script. @returns its raw reply */
  async run({ script, args }: Pick<ScriptRow, 'script' | 'args'>): Promise<unknown> {
    const values: Fields = { ...usualArguments, ...args };
    const { argumentNames } = readScriptContract(script);
    const inOrder = argumentNames.map((name) => latin1(values[name] ?? `no argument is called ${name}`));
    const [reply] = await this.#client.run(script, [{ key: this.#key, args: inOrder }]);
    return reply;
  }

  /** What is under the key: undefined if nothing, one field without a name if it is no hash. */
  async contents(): Promise<Fields | undefined> {
    const type = await this.redis.type(this.#key);
    if (type === 'none') {
      return undefined;
    }
    if (type !== 'hash') {
      return { '': String(await this.redis.get(this.#key)) };
    }
    const fields = Object.entries(await this.redis.hgetallBuffer(this.#key));
    return Object.fromEntries(fields.map(([name, value]) => [name, value.toString('latin1')]));
  }

  async ttlMs(): Promise<number> {
    return await this.redis.pttl(this.#key);
  }
}

/** A reply as a row writes it: without the id, bytes as latin1. */
export function readable(reply: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [id, ...rest] = parts.map((part) => (Buffer.isBuffer(part) ? part.toString('latin1') : part));
  expect(id).toBe(ID);
  return rest;
}

export function decode({ script }: Pick<ScriptRow, 'script'>, reply: unknown) {
  switch (script) {
    case 'begin':
      return decodeBegin(reply, ID);
    case 'look':
      return decodeLook(reply, ID);
    default:
      return decodeClaim(reply, ID);
  }
}

export function withoutStamps(fields: Fields | undefined): Fields | undefined {
  return (
    fields &&
    Object.fromEntries(Object.entries(fields).filter(([name, value]) => value === '' || !STAMPS.includes(name)))
  );
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
