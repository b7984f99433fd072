import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { beginBusyTime } from './busy-connections.ts';
import { impatientSettings } from './impatient-settings.ts';
import { countsOf, expectPlacedOnce, inWords, NO_ORDER, place } from './named-orders.ts';
import { connectTo } from './query-database.ts';
import { startWatchedService } from './watched-service.ts';

let postgres: OwnPostgres;
let redis: TestRedis;

beforeAll(async () => {
  const settings = { max_connections: '8', superuser_reserved_connections: '0', max_wal_senders: '0' };
  [postgres, redis] = await Promise.all([startOwnPostgres(settings), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

test('P8: PostgreSQL that takes no more connections: UNAVAILABLE, no key spent, and on as soon as it takes one', async () => {
  await using service = await startWatchedService({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    settings: impatientSettings,
  });
  await using busyTime = await beginBusyTime(postgres.url);
  const squatters = await takeAllPlaces();
  // The pool has the connection that read the secrets; whoever comes while that is in use needs another.
  const reads = busyTime.read(service.client, 2);
  const names = Array.from({ length: 3 }, (_, index) => `no-place-${index}`);
  const answers = await Promise.all(names.map((name) => place(service.client, name)));
  expect(answers.map(inWords)).toEqual(names.map(() => expect.stringMatching(/^UNAVAILABLE DATABASE_/)));
  expect(answers.map(inWords)).toContain('UNAVAILABLE DATABASE_UNAVAILABLE, may retry');
  expect(await service.health()).toBe('SERVING');
  await busyTime.end();
  await Promise.all([...reads, ...squatters.map((squatter) => squatter.end())]);

  for (const name of names) {
    expect(await countsOf(postgres.url, name)).toEqual(NO_ORDER);
    await expectPlacedOnce(service, name);
  }
});

async function takeAllPlaces(): Promise<readonly Client[]> {
  const squatters: Client[] = [];
  for (;;) {
    try {
      squatters.push(await connectTo(postgres.url));
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' });
      return squatters;
    }
  }
}
