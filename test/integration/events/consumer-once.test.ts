import { expect, test } from '@jest/globals';
import { until } from '../idempotency/stage/until.ts';
import { startConsumer } from './consumer-bench.ts';
import { dieInHandle } from './doomed-consumer.ts';
import { isSettled, pendingCount } from './group-facts.ts';
import { numbers, publish } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// What a consumer is given, and that it is given it once.

const stage = useRedis();

test('events come in order, the old ones first, and each is acknowledged only when its handling has ended', async () => {
  await publish(stage.redis, 1, 3);
  const held = Promise.withResolvers<void>();
  await using bench = startConsumer(stage.url, { handle: () => held.promise });
  await until('the first event', () => bench.seen.length === 1);
  expect(await pendingCount(stage.redis)).toBe(3);
  held.resolve();
  await until('three events', () => isSettled(stage.redis, 3));
  await publish(stage.redis, 4, 5);
  await until('two more', () => isSettled(stage.redis, 5));
  expect(bench.seen).toEqual([1, 2, 3, 4, 5]);
  expect([bench.gaps, bench.troubles]).toEqual([[], []]);
});

test.each([
  { who: 'the same consumer, when it comes back', consumer: 'a', reclaimAfterMs: 60_000 },
  { who: 'another one, after a while', consumer: 'b', reclaimAfterMs: 300 },
])('A1 what a killed consumer had begun goes to $who', async ({ consumer, reclaimAfterMs }) => {
  await publish(stage.redis, 1, 3);
  expect(await dieInHandle(stage.url)).toBe(1);
  await publish(stage.redis, 4);
  await using bench = startConsumer(stage.url, { consumer, reclaimAfterMs });
  await until('all events', () => isSettled(stage.redis, 4));
  // The other one takes what is new while it must still wait for what is old.
  expect(consumer === 'a' ? bench.seen : bench.seen.toSorted()).toEqual([1, 2, 3, 4]);
});

test('a consumer that is slow, but alive, keeps what it has begun', async () => {
  await publish(stage.redis, 1, 3);
  const held = Promise.withResolvers<void>();
  await using slow = startConsumer(stage.url, { reclaimAfterMs: 600, handle: () => held.promise });
  await until('the first event', () => slow.seen.length === 1);
  await using other = startConsumer(stage.url, { consumer: 'b', reclaimAfterMs: 600, blockMs: 50 });
  await publish(stage.redis, 4);
  await until('the other one', () => other.seen.length === 1);
  // Each claims twice in that time: without signs of life it would have been robbed of everything.
  const before = await claimCount();
  await until('the claims of both', async () => (await claimCount()) >= before + 5);
  held.resolve();
  await until('all events', () => isSettled(stage.redis, 4));
  expect([slow.seen, other.seen]).toEqual([[1, 2, 3], [4]]);
});

test('what another consumer has claimed meanwhile is left to it', async () => {
  await publish(stage.redis, 1, 3);
  const held = Promise.withResolvers<void>();
  await using bench = startConsumer(stage.url, { handle: () => held.promise });
  await until('the first event', () => bench.seen.length === 1);
  await stage.redis.xclaim('orders.events', 'group', 'b', 0, '2-0', 'JUSTID');
  held.resolve();
  await until('the rest', async () => (await pendingCount(stage.redis)) === 1);
  expect(bench.seen).toEqual([1, 3]);
});

test('an entry whose delivery was lost on the way is not overtaken by the next', async () => {
  await publish(stage.redis, 1);
  await using bench = startConsumer(stage.url);
  await until('the first event', () => isSettled(stage.redis, 1));
  await bench.consumer.stop();
  const lost = stage.redis.duplicate();
  const delivery = lost.xreadgroup('GROUP', 'group', 'a', 'BLOCK', 0, 'STREAMS', 'orders.events', '>');
  await until('the reader that gets it', async () => (await blockedCount()) === 1);
  await using again = startConsumer(stage.url);
  await until('the reader that does not', async () => (await blockedCount()) === 2);
  await publish(stage.redis, 2, 3);
  await delivery;
  lost.disconnect();
  await until('both', () => isSettled(stage.redis, 3));
  expect(again.seen).toEqual([2, 3]);
});

async function claimCount(): Promise<number> {
  const [, calls = 0] = /cmdstat_xautoclaim:calls=(\d+)/.exec(await stage.redis.info('commandstats')) ?? [];
  return Number(calls);
}

async function blockedCount(): Promise<number> {
  return Number(/blocked_clients:(\d+)/.exec(await stage.redis.info('clients'))?.[1]);
}

test('A5 a stream that was deleted and filled again brings nothing twice, to the same consumer or to the next', async () => {
  await publish(stage.redis, 1, 3);
  const first = startConsumer(stage.url);
  await until('three events', () => isSettled(stage.redis, 3));
  await stage.redis.del('orders.events');
  await publish(stage.redis, 1, 4);
  await until('the fourth', () => isSettled(stage.redis, 4));
  expect(first.seen).toEqual([1, 2, 3, 4]);
  await first.consumer.stop();
  await stage.redis.del('orders.events');
  await publish(stage.redis, 1, 5);
  await using second = startConsumer(stage.url);
  await until('the fifth', () => isSettled(stage.redis, 5));
  expect(second.seen).toEqual([5]);
});

test('P10 no more is remembered than was asked for, and nothing for ever', async () => {
  await publish(stage.redis, 1, 6);
  await using _bench = startConsumer(stage.url, { rememberMax: 4, rememberMs: 50_000 });
  await until('all events', () => isSettled(stage.redis, 6));
  const [key = ''] = (await stage.redis.keys('*')).filter((name) => name.endsWith(':handled'));
  expect(await stage.redis.zcard(key)).toBe(4);
  expect(await stage.redis.pttl(key)).toBeLessThanOrEqual(50_000);
  expect((await stage.redis.keys('*')).toSorted()).toEqual(['orders.events', key]);
});

test('the group can be told of events by two consumers, each by one of them, and neither takes that for a gap', async () => {
  await using a = startConsumer(stage.url, { batch: 1 });
  await using b = startConsumer(stage.url, { batch: 1, consumer: 'b' });
  await until('both', async () => (await blockedCount()) === 2);
  await publish(stage.redis, 1, 200);
  await until('all events', () => isSettled(stage.redis, 200));
  expect([...a.seen, ...b.seen].sort((one, other) => one - other)).toEqual(numbers(1, 200));
  expect(Math.min(a.seen.length, b.seen.length)).toBeGreaterThan(0);
  expect([...a.gaps, ...b.gaps]).toEqual([]);
});
