import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { countsOf, inWords, ONE_ORDER, orderOf, place, REUSED } from '../../integration/faults/named-orders.ts';
import { connectTo, queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

// D5: cobuildwithus/murph#1454, OpenAEV-Platform/openaev#6851. Repeats of a slow call each held a connection while they waited for
// it, until nobody else could have one.

const POOL_SIZE = 10;
const DUPLICATES = 50;
const LOCK = 4_714;

let database: TestDatabase;
let redis: TestRedis;
let service: WatchedService;
let holder: Client;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const settings = {
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    DATABASE_LOCK_TIMEOUT_MS: '20000',
    DATABASE_STATEMENT_TIMEOUT_MS: '21000',
    DATABASE_SILENCE_LIMIT_MS: '22000',
  };
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url, settings });
  holder = await connectTo(database.url);
  await queryDatabase(
    database.url,
    `create function wait_in_line() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$;
    create trigger slow before insert on orders for each row when (new.customer_id like 'slow%') execute function wait_in_line()`,
  );
}, 60_000);

afterAll(async () => {
  await service.stop();
  await holder.end();
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

test('D5 duplicates that wait leave the pool to others: Redis is down, one owner is slow, 50 repeat it, 50 reuse its key', async () => {
  await redis.kill();
  await holder.query('select pg_advisory_lock($1)', [LOCK]);
  const owner = place(service.client, 'slow');
  await until('the owner waits in the database', async () => (await waitingStatements()) === 1);
  const duplicates = Array.from({ length: DUPLICATES }, () => place(service.client, 'slow'));
  const others = Array.from({ length: DUPLICATES }, (_, index) =>
    createOrder(service.client, orderOf('slow', 2 + index), { key: 'slow' }),
  );
  expect((await Promise.all(others)).map(inWords)).toEqual(others.map(() => REUSED));
  await expectOthersUnaffected('beside-duplicates');
  expect(await waitingStatements()).toBe(1);
  await holder.query('select pg_advisory_unlock($1)', [LOCK]);
  expect(inWords(await owner)).toBe('OK executed');
  const answers = await Promise.all(duplicates);
  expect(answers.map(inWords)).toEqual(duplicates.map(() => 'OK replayed'));
  expect(new Set(answers.map(({ response }) => response?.toString('hex'))).size).toBe(1);
  expect(await countsOf(database.url, 'slow')).toEqual(ONE_ORDER);
  await redis.restart();
  await service.becomesWhole();
});

test('D5 duplicates that wait leave the pool to others: 50 callers cancel one order whose row is held, each with a key of its own', async () => {
  const { orderId } = createdOrder(await place(service.client, 'wanted-by-all'));
  await holder.query('begin');
  await holder.query('select from orders where order_id = $1 for update', [orderId]);
  // Whoever is told to come again, because the machine was too slow for all of them at once, does so with its key.
  const cancel = async (key: string): Promise<string> => {
    const outcome = inWords(await cancelOrder(service.client, orderId, { key }));
    return outcome.endsWith('may retry') ? await cancel(key) : outcome;
  };
  const cancels = Array.from({ length: DUPLICATES }, (_, index) => cancel(`cancel-${index}`));
  await until('they wait in the database', async () => (await waitingStatements()) > 0);
  await expectOthersUnaffected('beside-cancels');
  await holder.query('rollback');
  const outcomes = await Promise.all(cancels);
  expect(outcomes.filter((outcome) => outcome === 'OK executed')).toHaveLength(1);
  expect(new Set(outcomes)).toEqual(new Set(['OK executed', 'FAILED_PRECONDITION ORDER_NOT_CANCELLABLE']));
});

/** While somebody waits, forty other orders are placed, all of them in well under the 20 s of the lock timeout. */
async function expectOthersUnaffected(name: string): Promise<void> {
  const names = Array.from({ length: 40 }, (_, index) => `${name}-${index}`);
  const startedMs = performance.now();
  const placed = await Promise.all(names.map((each) => place(service.client, each)));
  expect(placed.map(inWords)).toEqual(names.map(() => 'OK executed'));
  expect(performance.now() - startedMs).toBeLessThan(5_000);
}

async function waitingStatements(): Promise<number> {
  const rows = await queryDatabase(
    database.url,
    `select from pg_stat_activity
    where application_name = 'order-service' and wait_event_type = 'Lock' and datname = current_database()`,
  );
  return rows.length;
}
