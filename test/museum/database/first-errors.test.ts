import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { misbehave, raise } from '../../integration/faults/misbehaviour.ts';
import { countsOf, expectPlacedOnce, inWords, NO_ORDER, place } from '../../integration/faults/named-orders.ts';
import { connectTo, queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ErrorThenCut, startErrorThenCut } from './error-then-cut.ts';

/** Held where the cancellation has the order, and does not yet want what its rival has. */
const GATE = 4711;
const THING = 4712;

let database: TestDatabase;
let redis: TestRedis;
let proxy: ErrorThenCut;
let service: WatchedService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const url = new URL(database.url);
  proxy = await startErrorThenCut(Number(url.port));
  url.port = String(proxy.port);
  // Longer than the second after which PostgreSQL looks for a deadlock, and than a rival takes to come where much else runs.
  const settings = {
    DATABASE_LOCK_TIMEOUT_MS: '20000',
    DATABASE_STATEMENT_TIMEOUT_MS: '25000',
    DATABASE_SILENCE_LIMIT_MS: '30000',
  };
  const watched = await startWatchedService({ databaseUrl: url.href, redisUrl: redis.url, settings });
  service = { ...watched, databaseUrl: database.url };
}, 60_000);

afterAll(async () => {
  await service.stop();
  await proxy[Symbol.asyncDispose]();
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

// D12: mikro-orm/mikro-orm#8068. The connection died while a failed transaction was rolled back, and that was all its caller heard of.
const firstErrors = [
  ['a violated rule', '23514', 'INTERNAL DATABASE_REFUSED'],
  ['a violated key', '23505', 'INTERNAL DATABASE_REFUSED'],
  ['a full disk', '53100', 'UNAVAILABLE DATABASE_UNAVAILABLE, may retry'],
  ['a statement that took too long', '57014', 'UNAVAILABLE DATABASE_BUSY, may retry'],
] as const;

test.each(firstErrors)(
  'D12 the first error counts: %s, and then the connection dies, is told as the former',
  async (_what, sqlState, told) => {
    const name = `first-${sqlState}`;
    const misbehaviour = await misbehave(database.url, name, raise(sqlState));
    const wasCut = proxy.cutBehind(sqlState);
    const refused = await place(service.client, name);
    await wasCut;
    expect(inWords(refused)).toBe(told);
    expect(await countsOf(database.url, name)).toEqual(NO_ORDER);
    await misbehaviour.stop();
    await expectPlacedOnce(service, name);
  },
);

test('D12 the first error counts: a lost race, and then the connection dies, is run again on another one', async () => {
  const misbehaviour = await misbehave(database.url, 'raced', `if times = 1 then ${raise('40P01')}; end if`);
  const wasCut = proxy.cutBehind('40P01');
  await expectPlacedOnce(service, 'raced');
  await wasCut;
  expect(await misbehaviour.times()).toEqual({ times: 2 });
});

// D11: medusajs/medusa#3556, mikro-orm/mikro-orm#6667. The loser of a race was told so, and its leftovers went with the next flush.
test('D11 the loser of a deadlock on an order is not told of it: it runs again, and has its effect once', async () => {
  const { orderId } = createdOrder(await place(service.client, 'deadlocked'));
  const [rival, gate] = [await connectTo(database.url), await connectTo(database.url)];
  await using ended = new AsyncDisposableStack();
  ended.defer(() => rival.end());
  ended.defer(() => gate.end());
  await queryDatabase(
    database.url,
    `create function wait_for_rival() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(${GATE}); perform pg_advisory_xact_lock(${THING}); return new; end $$;
    create trigger waits before update on orders for each row when (new.customer_id = 'deadlocked')
      execute function wait_for_rival()`,
  );
  // The rival has the one thing and wants the order; the cancellation has the order and wants the one thing.
  await rival.query('begin');
  await rival.query('select pg_advisory_xact_lock($1)', [THING]);
  await gate.query('select pg_advisory_lock($1)', [GATE]);
  const cancelled = cancelOrder(service.client, orderId, { key: 'cancel-deadlocked' });
  await until('the cancellation has the order', async () => (await waitingFor('advisory')) === 1);
  const hasOrder = rival.query('select from orders where order_id = $1 for update', [orderId]);
  // Who waits looks for a deadlock once, after a second, and is the loser if there is one: for the rival it is too early.
  await until('the rival has looked', async () => (await waitingFor('transactionid', '2 seconds')) === 1);
  await gate.query('select pg_advisory_unlock($1)', [GATE]);
  await hasOrder;
  await rival.query('commit');
  expect(inWords(await cancelled)).toBe('OK executed');
  expect(await deadlocks()).toBe(1);
  const again = await cancelOrder(service.client, orderId, { key: 'cancel-deadlocked' });
  expect([inWords(again), again.response]).toEqual(['OK replayed', (await cancelled).response]);
  const sequences = await queryDatabase(database.url, 'select sequence from order_events where order_id = $1', [
    orderId,
  ]);
  expect(sequences).toEqual([{ sequence: 1 }, { sequence: 2 }]);
});

test('D11 what failed is not tried again with the next call', async () => {
  const misbehaviour = await misbehave(database.url, 'left-over', raise('23505'));
  expect(inWords(await place(service.client, 'left-over'))).toBe('INTERNAL DATABASE_REFUSED');
  await misbehaviour.stop();
  await expectPlacedOnce(service, 'behind-it');
  expect(await countsOf(database.url, 'left-over')).toEqual(NO_ORDER);
});

/** How many wait for a lock of this kind, for so long already. */
async function waitingFor(kind: string, already = '0 seconds'): Promise<number> {
  const rows = await queryDatabase(
    database.url,
    `select from pg_locks join pg_stat_activity using (pid)
    where datname = current_database() and locktype = $1 and not granted and clock_timestamp() - waitstart >= $2::interval`,
    [kind, already],
  );
  return rows.length;
}

async function deadlocks(): Promise<unknown> {
  let found: unknown;
  await until('the deadlock is counted', async () => {
    const [row] = await queryDatabase(
      database.url,
      'select deadlocks::int as count from pg_stat_database where datname = current_database()',
    );
    found = Object.values(row ?? {})[0];
    return found !== 0;
  });
  return found;
}
