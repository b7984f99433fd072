import type { Redis } from 'ioredis';

/** How many entries consumers of the group have begun and not acknowledged. */
export async function pendingCount(redis: Redis): Promise<number> {
  const [count] = await redis.xpending('orders.events', 'group');
  return Number(count);
}

/** Whether the group has been given everything up to this number, and has acknowledged it. */
export async function isSettled(redis: Redis, last: number): Promise<boolean> {
  const groups: readonly unknown[] = await redis.xinfo('GROUPS', 'orders.events').then(asList, () => []);
  const facts = asList(groups[0]);
  const lastDelivered = facts[facts.indexOf('last-delivered-id') + 1];
  return lastDelivered === `${last}-0` && (await pendingCount(redis)) === 0;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
