import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { status } from '../../support/unary-call.ts';
import { beginBusyTime, NO_ORDER_ID } from './busy-connections.ts';
import { impatientSettings, POOL_SIZE, SILENCE_LIMIT_MS } from './impatient-settings.ts';
import { misbehave } from './misbehaviour.ts';
import { countsOf, expectPlacedOnce, expectSettled, inWords, NO_ORDER, ONE_ORDER, place } from './named-orders.ts';
import { connectTo, queryDatabase } from './query-database.ts';
import { until } from './until.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 2_500;
const LOCK = 816;

let database: TestDatabase;
let redis: TestRedis;
let service: WatchedService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const settings = impatientSettings;
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url, settings });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

test('P8: a statement that takes too long is cancelled, and spends no key', async () => {
  const misbehaviour = await misbehave(database.url, 'sleeps', 'perform pg_sleep(20)');
  expect(inWords(await place(service.client, 'sleeps'))).toBe('UNAVAILABLE DATABASE_BUSY, may retry');
  expect(await countsOf(database.url, 'sleeps')).toEqual(NO_ORDER);
  await misbehaviour.stop();
  await expectPlacedOnce(service, 'sleeps');
});

test('P1: a commit that takes its time, within the limit of silence, is waited for', async () => {
  await misbehave(database.url, 'commits-in-time', `perform pg_sleep(${SILENCE_LIMIT_MS / 3_000})`, 'commit');
  await expectPlacedOnce(service, 'commits-in-time');
});

const unhurriedSettings = {
  ...impatientSettings,
  DATABASE_LOCK_TIMEOUT_MS: '19000',
  DATABASE_STATEMENT_TIMEOUT_MS: '20000',
  DATABASE_SILENCE_LIMIT_MS: '21000',
};

test('P10: orders that find others being placed wait for their turn; those that wait too long are told so, and spend no key', async () => {
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  await using unhurried = await startWatchedService({ ...stores, settings: unhurriedSettings });
  await misbehave(database.url, 'takes-its-time', `perform pg_advisory_xact_lock_shared(${LOCK})`);
  const holder = await connectTo(database.url);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => holder.end());
  await holder.query('select pg_advisory_lock($1)', [LOCK]);
  // Of so few connections one is for orders that are placed.
  const slow = place(unhurried.client, 'takes-its-time');
  await until('it is being placed', async () => (await waitingNow()) === 1);

  const tooLong = Array.from({ length: 20 }, (_, index) => `waits-too-long-${index}`);
  const refused = Promise.all(tooLong.map((name) => place(unhurried.client, name)));
  expect((await getOrder(unhurried.client, NO_ORDER_ID)).code).toBe(status.NOT_FOUND);
  expect((await refused).map(inWords)).toEqual(tooLong.map(() => 'UNAVAILABLE DATABASE_BUSY, may retry'));
  const inTime = place(unhurried.client, 'waits-in-time');
  await holder.query('select pg_advisory_unlock($1)', [LOCK]);
  expect((await Promise.all([inTime, slow])).map(inWords)).toEqual(['OK executed', 'OK executed']);
  await expectPlacedOnce(unhurried, 'waits-too-long-0');
});

test('P10: calls that find all connections busy wait for one; those that wait too long are told so, and spend no key', async () => {
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  await using unhurried = await startWatchedService({ ...stores, settings: unhurriedSettings });
  await using busyTime = await beginBusyTime(database.url);
  const busy = busyTime.read(unhurried.client, POOL_SIZE);
  await until('all connections are busy', async () => (await waitingNow()) === POOL_SIZE);

  const tooLong = 'finds-no-connection';
  expect(inWords(await place(unhurried.client, tooLong))).toBe('UNAVAILABLE DATABASE_UNAVAILABLE, may retry');
  const inTime = place(unhurried.client, 'finds-one-in-time');
  await busyTime.end();
  expect(inWords(await inTime)).toBe('OK executed');
  for (const { code } of await Promise.all(busy)) expect(code).toBe(status.NOT_FOUND);
  await expectPlacedOnce(unhurried, tooLong);
});

test('P1: a commit that says nothing for too long (D3) has an unknown outcome, which the same key settles', async () => {
  // The statement's own time limit does not count at the commit; only the guard against silence does.
  const seconds = (SILENCE_LIMIT_MS + 1_000) / 1_000;
  await misbehave(database.url, 'commits-slowly', `perform pg_sleep(${seconds})`, 'commit');
  const startedMs = performance.now();
  const first = await place(service.client, 'commits-slowly');
  expect(inWords(first)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
  expect(performance.now() - startedMs).toBeLessThan(SILENCE_LIMIT_MS + ALLOWANCE_MS);

  // PostgreSQL is not done yet, and holds the key.
  const second = await place(service.client, 'commits-slowly');
  expect(inWords(second)).toBe('UNAVAILABLE IDEMPOTENCY_KEY_IN_PROGRESS, may retry');
  await until('PostgreSQL is done', async () => (await connectionsNow()) === (await idleConnectionsNow()));
  const third = await place(service.client, 'commits-slowly');
  expect(inWords(third)).toBe('OK replayed');
  await expectSettled(service, 'commits-slowly', third);
});

test('a pool full of connections that went silent is a pool of new connections afterwards', async () => {
  const silent = Array.from({ length: POOL_SIZE }, (_, index) => `silent-${index}`);
  // All of them first: a trigger cannot be made while an order is being placed.
  for (const name of silent) {
    await misbehave(database.url, name, `perform pg_sleep(${(SILENCE_LIMIT_MS + 500) / 1_000})`, 'commit');
  }
  const unanswered = await Promise.all(silent.map((name) => place(service.client, name)));
  expect(unanswered.map(inWords)).toEqual(silent.map(() => 'UNAVAILABLE OUTCOME_UNKNOWN, may retry'));
  const names = Array.from({ length: 3 * POOL_SIZE }, (_, index) => `after-the-silence-${index}`);
  const answers = await Promise.all(names.map((name) => place(service.client, name)));
  expect(answers.map(inWords)).toEqual(names.map(() => 'OK executed'));
  await until('the silent ones have ended', async () => (await connectionsNow()) <= POOL_SIZE + 1);
});

test('P4: a key that another process is committing is in progress, not a stall', async () => {
  const rival = await connectTo(database.url);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => rival.end());
  await expectPlacedOnce(service, 'lends-its-row');
  await rival.query('begin');
  await rival.query(
    `insert into idempotency_keys
      select ${idOf('committed-elsewhere')}, principal, method, 'committed-elsewhere', fingerprint, fingerprint_version, state,
        stored_form, response, status_code, status_message, status_details, created_at, expires_at
      from idempotency_keys where key = 'lends-its-row'`,
  );
  const startedMs = performance.now();
  expect(inWords(await place(service.client, 'committed-elsewhere'))).toBe(
    'UNAVAILABLE IDEMPOTENCY_KEY_IN_PROGRESS, may retry',
  );
  expect(performance.now() - startedMs).toBeLessThan(ALLOWANCE_MS);
  await rival.query('rollback');
  await expectPlacedOnce(service, 'committed-elsewhere');
  expect(await countsOf(database.url, 'committed-elsewhere')).toEqual(ONE_ORDER);
});

/** SHA-256 of principal, method and key, each with its length in four bytes before it. */
function idOf(key: string): string {
  const parts = ['anonymous', '/orders.v1.OrderService/CreateOrder', key];
  const bytes = parts.map((part) => `int4send(${part.length}) || '${part}'::bytea`).join(' || ');
  return `sha256(${bytes})`;
}

async function connectionsNow(): Promise<number> {
  return (await queryDatabase(database.url, activity)).length;
}

async function waitingNow(): Promise<number> {
  return (await queryDatabase(database.url, `${activity} and wait_event_type = 'Lock'`)).length;
}

async function idleConnectionsNow(): Promise<number> {
  return (await queryDatabase(database.url, `${activity} and state = 'idle'`)).length;
}

const activity =
  "select 1 from pg_stat_activity where application_name = 'order-service' and datname = current_database()";
