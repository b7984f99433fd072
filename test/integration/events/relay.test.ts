import { expect } from '@jest/globals';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../idempotency/stage/until.ts';
import { ADVANCE } from './event-rows.ts';
import { type OwnStores, openOwnStores } from './open-stores.ts';
import { startRelay } from './relay-bench.ts';
import { isMirrored, sequencesByOrder, streamed } from './streamed.ts';
import { numbers } from './streamed-event.ts';

// The relay against real stores: what stands in PostgreSQL stands in the stream, under the same numbers, whatever Redis does.

const mirrored = ({ redis, rows }: OwnStores, count: number) =>
  until(`${count} events`, () => isMirrored(redis, rows, count));

/** Makes the database what a restore from an old backup would: it knows neither the newest events nor their numbers. */
async function forgetBehind({ rows }: OwnStores, number: number): Promise<void> {
  await rows.query('delete from order_events where number > $1', [number]);
  await rows.query('update event_relay set last_number = $1, published_number = $1', [number]);
}

/** A database that was put back, and then gets new events, loses none of them. */
async function putBack(newEvents: number): Promise<void> {
  await using own = await openOwnStores();
  const before = startRelay(own.stores);
  await own.rows.place(10);
  await mirrored(own, 10);
  await before[Symbol.asyncDispose]();
  await forgetBehind(own, 4);
  const orderIds = await own.rows.place(newEvents);
  await using running = startRelay(own.stores);
  await until('the new events', async () => {
    const ids = new Set((await streamed(own.redis)).map(({ id }) => id));
    return orderIds.every((orderId) => ids.has(`${orderId}/1`));
  });
  expect(running.log.join()).toContain('from a life of the database that is gone');
  const published = (await streamed(own.redis)).map(({ number }) => number);
  expect(published).toEqual([...new Set(published)].sort((one, other) => one - other));
  expect(published.length).toBe(10 + newEvents);
}

storiesAtOnce({
  'numbers have no gap and events of one order stand in order, while orders change at once and commits interleave':
    async () => {
      await using own = await openOwnStores();
      await using _one = startRelay(own.stores);
      await using _other = startRelay(own.stores);
      const change = async () => {
        const orderIds = await own.rows.place(10);
        const [late, early] = [await own.rows.connect(), await own.rows.connect()];
        try {
          // The one that begins first commits last.
          await late.query('begin');
          await late.query(ADVANCE, [orderIds.slice(0, 5)]);
          await early.query(ADVANCE, [orderIds.slice(5)]);
          await early.query(ADVANCE, [orderIds.slice(5)]);
          await late.query('commit');
          await own.rows.advance(orderIds.slice(0, 5));
        } finally {
          await Promise.all([late.end(), early.end()]);
        }
      };
      await Promise.all(Array.from({ length: 8 }, change));
      await mirrored(own, 240);
      const events = await streamed(own.redis);
      expect(events.map(({ number }) => number)).toEqual(numbers(1, 240));
      expect(new Set(Array.from(sequencesByOrder(events).values(), String))).toEqual(new Set(['1,2,3']));
    },

  'Redis is away for long: nothing is lost, and what has piled up follows in order, in batches': async () => {
    await using own = await openOwnStores();
    await using running = startRelay(own.stores);
    const orderIds = await own.rows.place(10);
    await mirrored(own, 10);
    await own.server.kill();
    await own.rows.place(640);
    await own.rows.advance(orderIds);
    await until('the numbers', async () => (await own.rows.numbered()).length === 660);
    await own.server.restart();
    await until('Redis', async () => (await own.redis.ping().catch(() => '')) === 'PONG');
    await mirrored(own, 660);
    expect(running.log.filter((line) => line.includes('cannot be published')).length).toBe(1);
    const [, calls = '0'] = /cmdstat_eval:calls=(\d+)/.exec(await own.redis.info('commandstats')) ?? [];
    expect(Number(calls)).toBeGreaterThanOrEqual(7);
  },

  'a stream that is gone is filled again by itself, with the same numbers': async () => {
    await using own = await openOwnStores();
    await using _running = startRelay(own.stores);
    await own.rows.place(30);
    await mirrored(own, 30);
    await own.redis.flushall();
    await mirrored(own, 30);
  },

  'A5 a publication whose answer was lost is not repeated, and the deaf connection is given up': async () => {
    await using own = await openOwnStores();
    await using proxy = await startTcpProxy(own.server.port);
    await using running = startRelay({ ...own.stores, redisUrl: `redis://127.0.0.1:${proxy.port}` });
    await own.rows.place(3);
    await mirrored(own, 3);
    proxy.swallowReplyTo('ORDER_STATE_PENDING');
    await own.rows.place(3);
    await until('the loss of the answer', () => running.log.some((line) => line.includes('cannot be published')));
    await own.rows.place(1);
    await mirrored(own, 7);
  },

  'a foreign value under the name of the stream is told once, and waited out': async () => {
    await using own = await openOwnStores();
    await own.redis.set('orders.events', 'a value');
    await using running = startRelay(own.stores);
    await own.rows.place(3);
    await until('the warning', () => running.log.some((line) => line.includes('WRONGTYPE')));
    await own.redis.del('orders.events');
    await mirrored(own, 3);
    expect(running.log.filter((line) => line.includes('cannot be published')).length).toBe(1);
  },

  'A5 a stream that was put back to an older state is brought forward': async () => {
    await using own = await openOwnStores();
    await using _running = startRelay(own.stores);
    await own.rows.place(5);
    await mirrored(own, 5);
    const older = await own.redis.dumpBuffer('orders.events');
    await own.rows.place(5);
    await mirrored(own, 10);
    await own.redis.restore('orders.events', 0, older, 'REPLACE');
    await own.rows.place(1);
    await mirrored(own, 11);
  },

  'P10 the stream is trimmed at about the length that was asked for': async () => {
    await using own = await openOwnStores();
    await using _running = startRelay({ ...own.stores, streamLengthMax: 100 });
    await own.rows.place(1_000);
    await until('the last event', async () => (await streamed(own.redis)).at(-1)?.number === 1_000);
    const kept = await streamed(own.redis);
    expect(kept.length).toBeLessThan(300);
    expect(kept.slice(-100).map(({ number }) => number)).toEqual(numbers(901, 1_000));
  },

  'without Redis events are numbered, and watchers hear of them': async () => {
    await using own = await openOwnStores();
    await using running = startRelay({ databaseUrl: own.rows.databaseUrl });
    await own.rows.place(3);
    await until('the numbers', async () => (await own.rows.numbered()).length === 3);
    await until('the news', () => running.news() > 0);
  },

  'a database that was put back, and then got fewer events than the stream had ahead, loses none of them': () =>
    putBack(3),

  'a database that was put back, and then got more events than the stream had ahead, loses none of them': () =>
    putBack(20),
});
