import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { status } from '../../support/unary-call.ts';
import { beginBusyTime } from './busy-connections.ts';
import { impatientSettings, POOL_SIZE } from './impatient-settings.ts';
import { countsOf, expectPlacedOnce, inWords, ONE_ORDER, place } from './named-orders.ts';
import { queryDatabase } from './query-database.ts';
import { until } from './until.ts';

const OUTCOME_UNKNOWN = 'UNAVAILABLE OUTCOME_UNKNOWN, may retry';
const GONE_OR_UNKNOWN = [OUTCOME_UNKNOWN, 'UNAVAILABLE DATABASE_UNAVAILABLE, may retry'];

let database: TestDatabase;
let redis: TestRedis;
let service: ServiceProcess;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  service = await startServiceProcess({
    databaseUrl: database.url,
    redisUrl: redis.url,
    settings: {
      ...impatientSettings,
      DATABASE_STATEMENT_TIMEOUT_MS: '20000',
      DATABASE_LOCK_TIMEOUT_MS: '19000',
      DATABASE_SILENCE_LIMIT_MS: '21000',
    },
  });
});

afterAll(async () => {
  await service.kill();
  await Promise.all([database.drop(), redis.stop()]);
});

test('P6: connections that PostgreSQL ends when they are idle (D4) are replaced, more often than the pool has places', async () => {
  for (let round = 0; round <= POOL_SIZE; round += 1) {
    await using busyTime = await beginBusyTime(database.url);
    const reads = busyTime.read(service.client, POOL_SIZE);
    await until('all are open', async () => (await busyNow()) === POOL_SIZE);
    await busyTime.end();
    for (const { code } of await Promise.all(reads)) expect(code).toBe(status.NOT_FOUND);
    // Those of the pool and that of the heartbeat.
    expect(await terminateAll()).toBe(POOL_SIZE + 1);
    await placeUntilAccepted(`idle-${round}`);
  }
  await expectAlive('after-idle');
});

test('P6: connections that PostgreSQL ends when they are busy (D4) leave unknown outcomes, and free places', async () => {
  for (let round = 0; round <= POOL_SIZE; round += 1) {
    const name = `busy-${round}`;
    await using busyTime = await beginBusyTime(database.url);
    const placing = place(service.client, name);
    const reads = busyTime.read(service.client, POOL_SIZE - 1);
    await until('all are busy', async () => (await busyNow()) === POOL_SIZE);
    await terminateAll();
    expect(inWords(await placing)).toBe(OUTCOME_UNKNOWN);
    for (const { code } of await Promise.all(reads)) expect(code).toBe(status.UNAVAILABLE);
    await busyTime.end();
    await placeUntilAccepted(name);
  }
  await expectAlive('after-busy');
});

/** Retries with the same key as a client does. In the end there is one order. */
async function placeUntilAccepted(name: string): Promise<void> {
  await until(`accepted: ${name}`, async () => {
    const outcome = inWords(await place(service.client, name));
    if (outcome.startsWith('OK')) return true;
    expect(GONE_OR_UNKNOWN).toContain(outcome);
    return false;
  });
  expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
}

async function expectAlive(name: string): Promise<void> {
  const names = Array.from({ length: 4 * POOL_SIZE }, (_, index) => `${name}-${index}`);
  await Promise.all(names.map((each) => placeUntilAccepted(each)));
  await expectPlacedOnce({ client: service.client, databaseUrl: database.url }, name);
  // The pool and the heartbeat.
  expect(await connectionsNow()).toBeLessThanOrEqual(POOL_SIZE + 1);
}

const ours = "application_name = 'order-service' and datname = current_database()";

async function terminateAll(): Promise<number> {
  const rows = await queryDatabase(
    database.url,
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where ${ours}`,
  );
  return rows.length;
}

async function busyNow(): Promise<number> {
  const rows = await queryDatabase(
    database.url,
    `select 1 from pg_stat_activity where ${ours} and wait_event_type = 'Lock'`,
  );
  return rows.length;
}

async function connectionsNow(): Promise<number> {
  return (await queryDatabase(database.url, `select 1 from pg_stat_activity where ${ours}`)).length;
}
