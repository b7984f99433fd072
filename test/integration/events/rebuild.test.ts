import { expect } from '@jest/globals';
import { pino } from 'pino';
import { rebuildEvents } from '../../../src/commands/rebuild-events.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { testConfig } from '../../support/test-config.ts';
import { until } from '../idempotency/stage/until.ts';
import { type OwnStores, openOwnStores } from './open-stores.ts';
import { startRelay } from './relay-bench.ts';
import { isMirrored, streamed } from './streamed.ts';
import { numbers } from './streamed-event.ts';

async function rebuild(
  own: OwnStores,
  after = 0n,
  stores: { databaseUrl?: string; redisUrl?: string | undefined } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const config = testConfig({ ...own.stores, ...stores });
  await rebuildEvents({ config, logger: pino({ level: 'silent' }), print: (line) => void lines.push(line), after });
  return lines;
}

/** A stream of ten events. */
async function publishTen(own: OwnStores): Promise<void> {
  await using _running = startRelay(own.stores);
  await placeTen(own);
}

async function placeTen({ redis, rows }: OwnStores): Promise<void> {
  await rows.place(10);
  await until('ten events', () => isMirrored(redis, rows, 10));
}

storiesAtOnce({
  'a stream is rebuilt where nobody relays events, under the same numbers': async () => {
    await using own = await openOwnStores();
    await publishTen(own);
    await own.redis.xdel('orders.events', '3-0', '4-0');
    const lines = await rebuild(own);
    expect(await isMirrored(own.redis, own.rows, 10)).toBe(true);
    expect(lines.at(0)).toContain('orders.events had 8 events and was deleted');
    expect(lines).toContain('No other process relays events: this one fills the stream.');
    expect(lines.at(-1)).toBe('orders.events has 10 events: 1 to 10.');
  },

  'a stream is rebuilt by the process that relays events': async () => {
    await using own = await openOwnStores();
    await using _running = startRelay(own.stores);
    await placeTen(own);
    const lines = await rebuild(own);
    expect(await isMirrored(own.redis, own.rows, 10)).toBe(true);
    expect(lines).not.toContain('No other process relays events: this one fills the stream.');
  },

  'a stream is rebuilt behind a number, and goes on from there': async () => {
    await using own = await openOwnStores();
    await publishTen(own);
    const lines = await rebuild(own, 6n);
    expect((await streamed(own.redis)).map(({ number }) => number)).toEqual(numbers(7, 10));
    expect(lines.at(-1)).toBe('orders.events has 4 events: 7 to 10.');
  },

  'nothing is left of a stream whose events PostgreSQL no longer keeps': async () => {
    await using own = await openOwnStores();
    await publishTen(own);
    await own.rows.query('delete from order_events');
    expect((await rebuild(own)).at(-1)).toBe('orders.events has 0 events: PostgreSQL keeps none behind 0.');
  },

  'what is missing is said, and the stream left as it is': async () => {
    await using own = await openOwnStores();
    await publishTen(own);
    await expect(rebuild(own, 0n, { redisUrl: undefined })).rejects.toThrow('There is no REDIS_URL');
    await expect(rebuild(own, 0n, { redisUrl: 'redis://127.0.0.1:1' })).rejects.toThrow(
      /Redis is not there.*REDIS_URL/,
    );
    const databaseUrl = 'postgres://127.0.0.1:1/none';
    await expect(rebuild(own, 0n, { databaseUrl })).rejects.toThrow(/PostgreSQL is not there.*DATABASE_URL/);
    await expect(rebuild(own, 11n)).rejects.toThrow('There is no event behind 11: PostgreSQL has come to 10.');
    expect(await isMirrored(own.redis, own.rows, 10)).toBe(true);
    await own.redis.set('orders.events', 'a value');
    await expect(rebuild(own)).rejects.toThrow('Under orders.events Redis has a string');
  },
});
