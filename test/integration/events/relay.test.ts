import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../idempotency/stage/until.ts';
import { ADVANCE, createEventRows, type EventRows } from './event-rows.ts';
import { startRelay } from './relay-bench.ts';
import { isMirrored, sequencesByOrder, streamed } from './streamed.ts';
import { numbers } from './streamed-event.ts';
import { useRedis } from './use-redis.ts';

// The relay against real stores: what stands in PostgreSQL stands in the stream, under the same numbers, whatever Redis does.

const stage = useRedis();
let rows: EventRows;

beforeEach(async () => {
  rows = await createEventRows();
});

afterEach(async () => {
  await stage.server.thaw();
  await rows.drop();
});

const stores = () => ({ databaseUrl: rows.databaseUrl, redisUrl: stage.url });
const mirrored = (count: number) => until(`${count} events`, () => isMirrored(stage.redis, rows, count));

test('numbers have no gap and events of one order stand in order, while orders change at once and commits interleave', async () => {
  await using _one = startRelay(stores());
  await using _other = startRelay(stores());
  const change = async () => {
    const orderIds = await rows.place(10);
    const [late, early] = [await rows.connect(), await rows.connect()];
    try {
      // The one that begins first commits last.
      await late.query('begin');
      await late.query(ADVANCE, [orderIds.slice(0, 5)]);
      await early.query(ADVANCE, [orderIds.slice(5)]);
      await early.query(ADVANCE, [orderIds.slice(5)]);
      await late.query('commit');
      await rows.advance(orderIds.slice(0, 5));
    } finally {
      await Promise.all([late.end(), early.end()]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, change));
  await mirrored(240);
  const events = await streamed(stage.redis);
  expect(events.map(({ number }) => number)).toEqual(numbers(1, 240));
  expect(new Set(Array.from(sequencesByOrder(events).values(), String))).toEqual(new Set(['1,2,3']));
});

test('Redis is away for long: nothing is lost, and what has piled up follows in order, in batches', async () => {
  await using running = startRelay(stores());
  const orderIds = await rows.place(10);
  await mirrored(10);
  await stage.server.kill();
  await rows.place(640);
  await rows.advance(orderIds);
  await until('the numbers', async () => (await rows.numbered()).length === 660);
  await stage.server.restart();
  await until('Redis', async () => (await stage.redis.ping().catch(() => '')) === 'PONG');
  await mirrored(660);
  expect(running.log.filter((line) => line.includes('cannot be published')).length).toBe(1);
  const [, calls = '0'] = /cmdstat_eval:calls=(\d+)/.exec(await stage.redis.info('commandstats')) ?? [];
  expect(Number(calls)).toBeGreaterThanOrEqual(7);
});

test('a stream that is gone is filled again by itself, with the same numbers', async () => {
  await using _running = startRelay(stores());
  await rows.place(30);
  await mirrored(30);
  await stage.redis.flushall();
  await mirrored(30);
});

test('A5 a stream that was put back to an older state is brought forward', async () => {
  await using _running = startRelay(stores());
  await rows.place(5);
  await mirrored(5);
  const older = await stage.redis.dumpBuffer('orders.events');
  await rows.place(5);
  await mirrored(10);
  await stage.redis.restore('orders.events', 0, older, 'REPLACE');
  await rows.place(1);
  await mirrored(11);
});

test('A5 a publication whose answer was lost is not repeated, and the deaf connection is given up', async () => {
  await using proxy = await startTcpProxy(stage.server.port);
  await using running = startRelay({ ...stores(), redisUrl: `redis://127.0.0.1:${proxy.port}` });
  await rows.place(3);
  await mirrored(3);
  proxy.swallowReplyTo('ORDER_STATE_PENDING');
  await rows.place(3);
  await until('the loss of the answer', () => running.log.some((line) => line.includes('cannot be published')));
  await rows.place(1);
  await mirrored(7);
});

test('a foreign value under the name of the stream is told once, and waited out', async () => {
  await stage.redis.set('orders.events', 'a value');
  await using running = startRelay(stores());
  await rows.place(3);
  await until('the warning', () => running.log.some((line) => line.includes('WRONGTYPE')));
  await stage.redis.del('orders.events');
  await mirrored(3);
  expect(running.log.filter((line) => line.includes('cannot be published')).length).toBe(1);
});

test('P10 the stream is trimmed at about the length that was asked for', async () => {
  await using _running = startRelay({ ...stores(), streamLengthMax: 100 });
  await rows.place(1_000);
  await until('the last event', async () => (await streamed(stage.redis)).at(-1)?.number === 1_000);
  const kept = await streamed(stage.redis);
  expect(kept.length).toBeLessThan(300);
  expect(kept.slice(-100).map(({ number }) => number)).toEqual(numbers(901, 1_000));
});

test('without Redis events are numbered, and watchers hear of them', async () => {
  await using running = startRelay({ databaseUrl: rows.databaseUrl });
  await rows.place(3);
  await until('the numbers', async () => (await rows.numbered()).length === 3);
  expect(running.news()).toBeGreaterThan(0);
});

/** Makes the database what a restore from an old backup would: it knows neither the newest events nor their numbers. */
async function forgetBehind(number: number): Promise<void> {
  await rows.query('delete from order_events where number > $1', [number]);
  await rows.query('update event_relay set last_number = $1, published_number = $1', [number]);
}

test.each([
  { what: 'fewer events than the stream had ahead', newEvents: 3 },
  { what: 'more events than the stream had ahead', newEvents: 20 },
])('a database that was put back, and then got $what, loses none of them', async ({ newEvents }) => {
  const before = startRelay(stores());
  await rows.place(10);
  await mirrored(10);
  await before[Symbol.asyncDispose]();
  await forgetBehind(4);
  const orderIds = await rows.place(newEvents);
  await using running = startRelay(stores());
  await until('the new events', async () => {
    const ids = new Set((await streamed(stage.redis)).map(({ id }) => id));
    return orderIds.every((orderId) => ids.has(`${orderId}/1`));
  });
  expect(running.log.join()).toContain('from a life of the database that is gone');
  const published = (await streamed(stage.redis)).map(({ number }) => number);
  expect(published).toEqual([...new Set(published)].sort((one, other) => one - other));
  expect(published.length).toBe(10 + newEvents);
});
