import { expect, test } from '@jest/globals';
import { until } from '../idempotency/stage/until.ts';
import { startConsumer } from './consumer-bench.ts';
import { isSettled } from './group-facts.ts';
import { numbers, publish } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// What was trimmed before it was read is told, and nothing else is taken for it.

const stage = useRedis();

test('A5 a consumer that was away for too long is told what it has missed, and goes on behind it', async () => {
  await publish(stage.redis, 1, 3);
  await using before = startConsumer(stage.url);
  await until('three events', () => isSettled(stage.redis, 3));
  await before.consumer.stop();
  await publish(stage.redis, 4, 10);
  await stage.redis.xtrim('orders.events', 'MINID', '8');
  await using after = startConsumer(stage.url);
  await until('the rest', () => isSettled(stage.redis, 10));
  expect(after.seen).toEqual([8, 9, 10]);
  expect(after.gaps).toEqual([{ after: 3n, before: 8n }]);
});

test('A5 a consumer that went before there was anything, and was away for too long, is told what it has missed', async () => {
  await using before = startConsumer(stage.url);
  await until('the group', async () => (await stage.redis.exists('orders.events')) === 1);
  await before.consumer.stop();
  await publish(stage.redis, 1, 10);
  await stage.redis.xtrim('orders.events', 'MINID', '8');
  await using after = startConsumer(stage.url);
  await until('the rest', () => isSettled(stage.redis, 10));
  expect(after.seen).toEqual([8, 9, 10]);
  expect(after.gaps).toEqual([{ after: 0n, before: 8n }]);
});

test('a group that was made where the stream had been trimmed has missed only what was trimmed since', async () => {
  await publish(stage.redis, 50, 53);
  await stage.redis.xtrim('orders.events', 'MAXLEN', 0);
  await using before = startConsumer(stage.url);
  await until('the group', async () =>
    JSON.stringify(await stage.redis.xinfo('GROUPS', 'orders.events')).includes('53-0'),
  );
  await before.consumer.stop();
  await publish(stage.redis, 54, 60);
  await stage.redis.xtrim('orders.events', 'MINID', '57');
  await using after = startConsumer(stage.url);
  await until('the rest', () => isSettled(stage.redis, 60));
  expect(after.gaps).toEqual([{ after: 53n, before: 57n }]);
});

test('a stream that was lost and refilled with the newest alone leaves a gap', async () => {
  await publish(stage.redis, 1, 3);
  await using bench = startConsumer(stage.url);
  await until('three events', () => isSettled(stage.redis, 3));
  await stage.redis.flushall();
  await publish(stage.redis, 6, 7);
  await until('the rest', () => isSettled(stage.redis, 7));
  expect(bench.seen).toEqual([1, 2, 3, 6, 7]);
  expect(bench.gaps).toEqual([{ after: 3n, before: 6n }]);
});

test('a group that begins with a stream that was trimmed long ago has missed nothing', async () => {
  await publish(stage.redis, 50, 53);
  await using bench = startConsumer(stage.url);
  await until('four events', () => isSettled(stage.redis, 53));
  expect([bench.seen, bench.gaps]).toEqual([[50, 51, 52, 53], []]);
});

test('what was trimmed while the consumer had it is handled, and told only if it was not', async () => {
  await publish(stage.redis, 1, 6);
  const held = Promise.withResolvers<void>();
  const first = startConsumer(stage.url, { batch: 4, handle: () => held.promise });
  await until('the first event', () => first.seen.length === 1);
  await stage.redis.xtrim('orders.events', 'MINID', '4');
  const stopped = first.consumer.stop();
  held.resolve();
  await stopped;
  expect(first.seen).toEqual([1]);
  await using second = startConsumer(stage.url);
  await until('the rest', () => isSettled(stage.redis, 6));
  expect(second.seen).toEqual([4, 5, 6]);
  expect(second.gaps).toEqual([{ after: 1n, before: 4n }]);
});

test('what another consumer of the group was given in the meantime is no gap', async () => {
  await publish(stage.redis, 1);
  await using a = startConsumer(stage.url);
  await until('the first event', () => isSettled(stage.redis, 1));
  await publishTo('b', 2, 5);
  await publish(stage.redis, 6, 7);
  await until('the rest', () => a.seen.includes(7));
  expect(a.seen).toEqual([1, 6, 7]);
  expect(a.gaps).toEqual([]);
});

/** Has another consumer given what is published, although the one of the test waits for it: both happen in one transaction. */
async function publishTo(consumer: string, from: number, to: number): Promise<void> {
  const transaction = stage.redis.multi();
  for (const number of numbers(from, to)) {
    transaction.xadd('orders.events', `${number}-0`, 'consumer', consumer);
  }
  transaction.xreadgroup('GROUP', 'group', consumer, 'STREAMS', 'orders.events', '>');
  await transaction.exec();
}
