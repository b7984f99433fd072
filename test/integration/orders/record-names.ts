import type { Redis } from 'ioredis';
import { poll } from '../../../src/embedded/poll.ts';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { ANONYMOUS } from '../../../src/idempotency/index.ts';
import { recordIdentity } from '../../../src/idempotency/record.ts';

/** The id of the record that CreateOrder has for a caller's key, in hex. */
export function recordIdOf(key: string, method: string = OrderServiceService.createOrder.path): string {
  const policy = {
    keyRequired: false,
    timeToLiveMs: 0,
    leaseMs: 0,
    longestWaitMs: 0,
    expiredKeyIsNew: false,
    fingerprintExclusions: [],
  };
  const fingerprint = { version: 0, hash: '' };
  return recordIdentity({ principal: ANONYMOUS, method, key: { value: key, source: 'client' }, fingerprint, policy })
    .id;
}

/** The names in Redis that belong to a key, in whatever life of the database. */
export async function namesOf(redis: Redis, key: string, method?: string): Promise<string[]> {
  return await redis.keys(`orders:*:{${recordIdOf(key, method)}}`);
}

/** The name of a key's record in the present life of the database, which another record tells. */
export async function nameToBe(redis: Redis, key: string, otherKey: string): Promise<string> {
  const [known] = await namesOf(redis, otherKey);
  if (known === undefined) throw new Error(`Redis has no record of the key ${otherKey}`);
  return known.replace(/\{.*\}/, `{${recordIdOf(key)}}`);
}

/** Waits until a field of a key's record in Redis has a value. */
export async function recordHas(redis: Redis, key: string, field: string, value: string): Promise<void> {
  const probe = async () => {
    const [name] = await namesOf(redis, key);
    return name !== undefined && (await redis.hget(name, field)) === value ? true : undefined;
  };
  if ((await poll(probe, { timeoutMs: 10_000 })) === undefined) {
    throw new Error(`the record of ${key} has no ${field} = ${value} within 10 s`);
  }
}
