import { afterEach, expect, test } from '@jest/globals';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../idempotency/stage/until.ts';
import { startConsumer } from './consumer-bench.ts';
import { isSettled } from './group-facts.ts';
import { publish } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// What a consumer survives.

const stage = useRedis();

afterEach(async () => {
  await stage.server.thaw();
});

test('Redis is killed and comes back empty: nothing is handled twice, and everything that is new once', async () => {
  await publish(stage.redis, 1, 3);
  await using bench = startConsumer(stage.url);
  await until('three events', () => isSettled(stage.redis, 3));
  await stage.server.kill();
  await until('the trouble', () => bench.troubles.length > 0);
  await stage.server.restart();
  await until('Redis', async () => (await stage.redis.ping().catch(() => '')) === 'PONG');
  await publish(stage.redis, 1, 4);
  await until('the fourth', () => isSettled(stage.redis, 4));
  expect(bench.seen).toEqual([1, 2, 3, 4]);
  expect([bench.troubles, bench.gaps]).toEqual([[{ kind: 'redis' }], []]);
});

test('an event that was handled while Redis was flushed is not handled again when the stream is back', async () => {
  await publish(stage.redis, 1, 2);
  const held = Promise.withResolvers<void>();
  await using bench = startConsumer(stage.url, { handle: () => held.promise });
  await until('the first event', () => bench.seen.length === 1);
  await stage.redis.flushall();
  held.resolve();
  await until('the new group', async () => (await stage.redis.exists('orders.events')) === 1);
  await publish(stage.redis, 1, 2);
  await until('the second', () => isSettled(stage.redis, 2));
  expect(bench.seen).toEqual([1, 2]);
});

test('connections that are cut in the middle of a reading are made anew', async () => {
  await using proxy = await startTcpProxy(stage.server.port);
  await publish(stage.redis, 1);
  await using bench = startConsumer(`redis://127.0.0.1:${proxy.port}`);
  await until('the first event', () => isSettled(stage.redis, 1));
  const cut = proxy.cutAfter({ from: 'server', bytes: '2-0' });
  await publish(stage.redis, 2, 3);
  await cut;
  await until('the rest', () => isSettled(stage.redis, 3));
  expect(bench.seen).toEqual([1, 2, 3]);
});

test('connections that have gone deaf are given up', async () => {
  await using proxy = await startTcpProxy(stage.server.port);
  await publish(stage.redis, 1);
  const timeLimits = { blockMs: 200, commandTimeoutMs: 400 };
  await using bench = startConsumer(`redis://127.0.0.1:${proxy.port}`, timeLimits);
  await until('the first event', () => isSettled(stage.redis, 1));
  proxy.swallow();
  await publish(stage.redis, 2, 3);
  await until('the trouble', () => bench.troubles.length > 0);
  proxy.heal();
  await until('the rest', () => isSettled(stage.redis, 3));
  expect(bench.seen).toEqual([1, 2, 3]);
});

test('a Redis that stands still is waited for', async () => {
  await publish(stage.redis, 1);
  await using bench = startConsumer(stage.url, { blockMs: 200, commandTimeoutMs: 400 });
  await until('the first event', () => isSettled(stage.redis, 1));
  await stage.server.freeze();
  await until('the trouble', () => bench.troubles.length > 0);
  await stage.server.thaw();
  await publish(stage.redis, 2);
  await until('the second', () => isSettled(stage.redis, 2));
  expect(bench.seen).toEqual([1, 2]);
});

test('a foreign value under the name of the stream is told once, and waited out', async () => {
  await stage.redis.set('orders.events', 'a value');
  await using bench = startConsumer(stage.url);
  await until('the trouble', () => bench.troubles.length > 0);
  await stage.redis.del('orders.events');
  await publish(stage.redis, 1);
  await until('the event', () => isSettled(stage.redis, 1));
  expect(bench.troubles).toEqual([{ kind: 'redis' }]);
});

test('a stop ends the waiting for news at once, and waits for what is being handled', async () => {
  await publish(stage.redis, 1);
  await using idle = startConsumer(stage.url, { consumer: 'b', blockMs: 600_000 });
  await until('the event', () => isSettled(stage.redis, 1));
  await idle.consumer.stop();

  await publish(stage.redis, 2, 3);
  const held = Promise.withResolvers<void>();
  await using busy = startConsumer(stage.url, { handle: () => held.promise });
  await until('the second event', () => busy.seen.length === 1);
  let hasStopped = false;
  const stopped = busy.consumer.stop().then(() => {
    hasStopped = true;
  });
  await stage.redis.ping();
  expect(hasStopped).toBe(false);
  held.resolve();
  await stopped;
  expect(busy.seen).toEqual([2]);
  // It was acknowledged, and the third is left for the next start.
  await using next = startConsumer(stage.url);
  await until('the third event', () => isSettled(stage.redis, 3));
  expect(next.seen).toEqual([3]);
});

test('a stop does not wait for a Redis that is away', async () => {
  await using proxy = await startTcpProxy(stage.server.port);
  await using bench = startConsumer(`redis://127.0.0.1:${proxy.port}`, { blockMs: 600_000 });
  await until('the group', async () => (await stage.redis.exists('orders.events')) === 1);
  proxy.swallow();
  await bench.consumer.stop();
  expect(bench.troubles).toEqual([]);
});
