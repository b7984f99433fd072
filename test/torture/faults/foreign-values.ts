import type { Redis } from 'ioredis';
import type { Dice } from '../../../src/simulator/dice.ts';

const NAMES_MAX = 50;

/** What others may have put under our names. */
const writers: readonly [Writer, ...Writer[]] = [
  (redis, name) => redis.set(name, 'a session of somebody else'),
  (redis, name) => redis.rpush(name, 'one', 'two'),
  (redis, name) => redis.sadd(name, 'one'),
  (redis, name) => redis.hset(name, 'colour', 'blue'),
  (redis, name) => redis.hset(name, 'state', 'COMPLETED', 'response', 'not an order'),
  (redis, name) => redis.hset(name, 'state', 'PENDING', 'owner', 'somebody', 'lease_ends_ms', 'tomorrow'),
  (redis, name) => redis.hset(name, 'state', 'DONE', 'fingerprint', 'f', 'fingerprint_version', '1'),
];

type Writer = (redis: Redis, name: string) => Promise<unknown>;

/** Puts foreign values under names of records that are there. @returns under how many */
export async function fillWithForeignValues(redis: Redis, dice: Dice): Promise<number> {
  const names: string[] = [];
  for await (const found of redis.scanStream({ match: 'orders:*{*}*', count: 100 })) {
    names.push(...(Array.isArray(found) ? found.map(String) : []));
    if (names.length >= NAMES_MAX) {
      break;
    }
  }
  for (const name of names.slice(0, NAMES_MAX)) {
    await redis.del(name);
    await dice.pick(writers)(redis, name);
    await redis.pexpire(name, 60_000);
  }
  return Math.min(names.length, NAMES_MAX);
}
