import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { countsOf, inWords, ONE_ORDER, place } from './named-orders.ts';
import { connectTo, queryDatabase } from './query-database.ts';
import { until } from './until.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

const POOL_SIZE = 3;
const DUPLICATES = 50;
const LOCK = 4_711;

let database: TestDatabase;
let redis: TestRedis;
let services: readonly WatchedService[];
let holder: Client;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const settings = {
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    DATABASE_CONNECT_TIMEOUT_MS: '10000',
    DATABASE_LOCK_TIMEOUT_MS: '20000',
    DATABASE_STATEMENT_TIMEOUT_MS: '21000',
    DATABASE_SILENCE_LIMIT_MS: '22000',
  };
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  services = [await startWatchedService({ ...stores, settings }), await startWatchedService({ ...stores, settings })];
  holder = await connectTo(database.url);
  await queryDatabase(
    database.url,
    `create function wait_in_line() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$;
    create trigger slow before insert on orders for each row when (new.customer_id like 'slow%')
      execute function wait_in_line()`,
  );
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await holder.end();
  await Promise.all([database.drop(), redis.stop()]);
});

test('P4: with Redis down, duplicates of a slow call (D5) leave the pool to the others', async () => {
  await redis.kill();
  await holder.query('select pg_advisory_lock($1)', [LOCK]);
  let isSlowAnswered = false;
  const duplicates = Array.from({ length: DUPLICATES }, (_, index) =>
    place(serviceFor(index).client, 'slow-and-popular').finally(() => {
      isSlowAnswered = true;
    }),
  );
  await until('the slow call waits in the database', async () => (await waitingStatements()) > 0);

  const names = Array.from({ length: 40 }, (_, index) => `unrelated-${index}`);
  const unrelated = await Promise.all(names.map((name, index) => place(serviceFor(index).client, name)));
  expect(unrelated.map(inWords)).toEqual(names.map(() => 'OK executed'));
  expect(isSlowAnswered).toBe(false);
  // One for each process: all other duplicates wait within it.
  expect(await waitingStatements()).toBe(services.length);

  await holder.query('select pg_advisory_unlock($1)', [LOCK]);
  const answers = await Promise.all(duplicates);
  expect(answers.map(inWords).sort()).toEqual(['OK executed', ...Array(DUPLICATES - 1).fill('OK replayed')]);
  expect(new Set(answers.map(({ response }) => response?.toString('hex'))).size).toBe(1);
  expect(await countsOf(database.url, 'slow-and-popular')).toEqual(ONE_ORDER);
});

function serviceFor(index: number): WatchedService {
  const service = services[index % services.length];
  if (service === undefined) throw new Error('there is no service');
  return service;
}

async function waitingStatements(): Promise<number> {
  const rows = await queryDatabase(
    database.url,
    "select 1 from pg_stat_activity where application_name = 'order-service' and wait_event_type = 'Lock' and datname = current_database()",
  );
  return rows.length;
}
