import { expect, test } from '@jest/globals';
import { until } from '../idempotency/stage/until.ts';
import { startConsumer } from './consumer-bench.ts';
import { dieInHandle } from './doomed-consumer.ts';
import { isSettled } from './group-facts.ts';
import { publish } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// A server, or a proxy before it, that does not know HELLO speaks RESP2.
const stage = useRedis({ settings: { 'rename-command HELLO': 'GOODBYE' } });

test('a server that speaks only RESP2 is read, and claimed from, in the same way', async () => {
  await expect(stage.redis.call('HELLO', '3')).rejects.toThrow('unknown command');
  await publish(stage.redis, 1, 2);
  expect(await dieInHandle(stage.url)).toBe(1);
  await using bench = startConsumer(stage.url, { consumer: 'b', reclaimAfterMs: 100 });
  await publish(stage.redis, 3);
  await until('three events', () => isSettled(stage.redis, 3));
  expect(bench.seen.toSorted()).toEqual([1, 2, 3]);
  expect(bench.troubles).toEqual([]);
});
