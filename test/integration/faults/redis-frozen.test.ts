import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Pause } from '../../../src/idempotency/index.ts';
import { createGate } from '../../support/pause-gate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { countsOf, expectPlacedOnce, expectSettled, inWords, ONE_ORDER, place } from './named-orders.ts';
import { connectTo } from './query-database.ts';
import { commandsRun, withRedis } from './redis-server.ts';
import { until } from './until.ts';
import { startWatchedService } from './watched-service.ts';

const COMMAND_TIMEOUT_MS = 500;
/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 2_000;
const settings = { REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS), REDIS_SLOW_MS: '400' };

let database: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([database.drop(), redis.stop()]);
});

beforeEach(() => redis.thaw());

function start(circuitFailures: number, pause?: Pause, probeMs = 200) {
  return startWatchedService({
    databaseUrl: database.url,
    redisUrl: redis.url,
    settings: {
      ...settings,
      REDIS_CIRCUIT_FAILURES: String(circuitFailures),
      REDIS_CIRCUIT_PROBE_MS: String(probeMs),
    },
    ...(pause && { pause }),
  });
}

test('P5: frozen Redis costs a call at most the time limit, then nothing, and thaws into service', async () => {
  await using service = await start(3);
  const before = await expectPlacedOnce(service, 'before-the-frost');
  await redis.freeze();

  const startedMs = performance.now();
  const names = Array.from({ length: 8 }, (_, index) => `in-the-frost-${index}`);
  const answers = await Promise.all(names.map((name) => place(service.client, name)));
  expect(performance.now() - startedMs).toBeLessThan(COMMAND_TIMEOUT_MS + ALLOWANCE_MS);
  expect(answers.map(inWords)).toEqual(names.map(() => 'OK executed'));
  await service.becomesDegraded();
  expect(await service.health()).toBe('SERVING');
  await expectSettled(service, 'before-the-frost', before);

  // Nothing is sent to Redis any more, and so nothing waits there.
  const many = Array.from({ length: 200 }, (_, index) => place(service.client, `piled-up-${index}`));
  expect(new Set((await Promise.all(many)).map(inWords))).toEqual(new Set(['OK executed']));
  await redis.thaw();
  await service.becomesWhole();
  expect(await commandsRun(redis, 'evalsha')).toBeLessThan(50);
  await expectPlacedOnce(service, 'after-the-frost');
});

test('P6: keys whose claims reached Redis only after the thaw are answered at once, not after a lease', async () => {
  await using service = await start(3);
  await expectPlacedOnce(service, 'wakes-the-scripts');
  await redis.freeze();
  const names = Array.from({ length: 6 }, (_, index) => `claimed-late-${index}`);
  const answers = await Promise.all(names.map((name) => place(service.client, name)));
  await service.becomesDegraded();
  await redis.thaw();
  await service.becomesWhole();

  const startedMs = performance.now();
  const again = await Promise.all(names.map((name) => place(service.client, name)));
  expect(again.map(inWords)).toEqual(names.map(() => 'OK replayed'));
  expect(again.map(({ response }) => response)).toEqual(answers.map(({ response }) => response));
  // A lease is 5 s.
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('P6: a claim that timed out but was made (L13) is settled by its call, and the retry is quick', async () => {
  await using service = await start(1_000);
  await expectPlacedOnce(service, 'settled-late-before');
  await redis.freeze();
  const first = await place(service.client, 'settled-late');
  await redis.thaw();
  const startedMs = performance.now();
  const again = await place(service.client, 'settled-late');
  expect([inWords(first), inWords(again)]).toEqual(['OK executed', 'OK replayed']);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(await countsOf(database.url, 'settled-late')).toEqual(ONE_ORDER);
});

test('P6: a claim whose outcome Redis could not be told is no claim when Redis is back', async () => {
  const beforeSettle = createGate('before_settle');
  await using service = await start(1, beforeSettle.pause);
  const { result } = await beforeSettle.hold(() => place(service.client, 'told-nobody'));
  const first = await result;
  await redis.freeze();
  await Promise.all([place(service.client, 'opens-the-circuit'), service.becomesDegraded()]);
  beforeSettle.open();
  await redis.thaw();
  await service.becomesWhole();

  const startedMs = performance.now();
  const again = await place(service.client, 'told-nobody');
  expect([inWords(first), inWords(again)]).toEqual(['OK executed', 'OK replayed']);
  expect(again.response).toEqual(first.response);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('P4: a claim whose handler still runs survives a frost, and keeps others waiting', async () => {
  const beforeCommit = createGate('before_commit');
  // The renewal after a third of the lease of 5 s comes before the first probe, and meets the frost.
  await using service = await start(1, beforeCommit.pause, 2_500);
  await using neighbour = await start(1_000);
  const first = await beforeCommit.hold(() => place(service.client, 'still-running'));
  await redis.freeze();
  await service.becomesDegraded();
  await redis.thaw();
  await service.becomesWhole();
  const duplicate = place(neighbour.client, 'still-running');
  await Promise.race([duplicate, until('the duplicate waits', isAnyClaimWaitedFor)]);
  beforeCommit.open();
  expect([inWords(await first.result), inWords(await duplicate)]).toEqual(['OK executed', 'OK replayed']);
});

test('P6: a long outage with many calls does not make a claim of its beginning a stall', async () => {
  await using service = await start(3);
  await expectPlacedOnce(service, 'wakes-the-scripts-again');
  await redis.freeze();
  const early = Array.from({ length: 4 }, (_, index) => `before-many-${index}`);
  await Promise.all(early.map((name) => place(service.client, name)));
  await service.becomesDegraded();
  for (let hundred = 0; hundred < 11; hundred += 1) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => place(service.client, `many-${hundred}-${index}`)));
  }
  await redis.thaw();
  await service.becomesWhole();

  const startedMs = performance.now();
  const again = await Promise.all(early.map((name) => place(service.client, name)));
  expect(again.map(inWords)).toEqual(early.map(() => 'OK replayed'));
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('P6: a claim that timed out but was made is given back when the ledger cannot be read either', async () => {
  await using service = await start(1_000);
  await expectPlacedOnce(service, 'unread-before');
  const locker = await connectTo(database.url);
  await using unlock = new AsyncDisposableStack();
  unlock.defer(() => locker.end());
  await locker.query('begin; lock table idempotency_keys in access exclusive mode');
  await redis.freeze();
  expect(inWords(await place(service.client, 'unread'))).toBe('UNAVAILABLE DATABASE_BUSY, may retry');
  await locker.query('rollback');
  await redis.thaw();

  const startedMs = performance.now();
  expect(inWords(await place(service.client, 'unread'))).toBe('OK executed');
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});

test('a service that meets a frozen Redis at its start serves', async () => {
  await redis.freeze();
  await using service = await start(2);
  await expectPlacedOnce(service, 'frozen-from-the-start');
  await service.becomesDegraded();
  await redis.thaw();
  await service.becomesWhole();
});

/** Whether a claim has somebody who waits for it. */
async function isAnyClaimWaitedFor(): Promise<boolean> {
  return await withRedis(redis, async (admin) => {
    const keys = await admin.keys('orders:*{[0-9a-f]*');
    return (await Promise.all(keys.map((key) => admin.hget(key, 'waited')))).includes('1');
  });
}
