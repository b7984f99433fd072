import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import type { CallResult } from '../../support/unary-call.ts';
import { misbehave, raise, SECRET } from './misbehaviour.ts';
import { countsOf, expectPlacedOnce, inWords, NO_ORDER, place } from './named-orders.ts';
import { withRedis } from './redis-server.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

let database: TestDatabase;
let redis: TestRedis;
let service: WatchedService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

const UNAVAILABLE = 'UNAVAILABLE DATABASE_UNAVAILABLE, may retry';
/** The session ends with it, and may have ended after the commit. */
const UNKNOWN = 'UNAVAILABLE OUTCOME_UNKNOWN, may retry';
const BUSY = 'UNAVAILABLE DATABASE_BUSY, may retry';
const INTERNAL = 'INTERNAL DATABASE_REFUSED';

const refusals = [
  ['disk full', '53100', UNAVAILABLE],
  ['out of memory', '53200', UNAVAILABLE],
  ['too many connections', '53300', UNAVAILABLE],
  ['an I/O error', '58030', UNAVAILABLE],
  ['a shutdown', '57P01', UNKNOWN],
  ['read-only, as a standby is', '25006', UNAVAILABLE],
  ['a cancelled statement', '57014', BUSY],
  ['a lost race', '40001', BUSY],
  ['a deadlock', '40P01', BUSY],
  ['a unique violation of something else', '23505', INTERNAL],
  ['a check violation', '23514', INTERNAL],
  ['a text that is too long', '22001', INTERNAL],
  ['a number out of range', '22003', INTERNAL],
  ['a missing privilege', '42501', INTERNAL],
  ['an exception of an application', 'P0001', INTERNAL],
  ['an internal error', 'XX000', INTERNAL],
] as const;

test.each(refusals)(
  'P8: %s (%s) is answered with %s, spends no key and tells no secrets',
  async (_what, sqlState, expected) => {
    const name = `raise-${sqlState}`;
    const misbehaviour = await misbehave(database.url, name, raise(sqlState));
    const refused = await place(service.client, name);
    expect(inWords(refused)).toBe(expected);
    expect(everythingIn(refused)).not.toContain(SECRET);
    expect(await countsOf(database.url, name)).toEqual(NO_ORDER);
    await misbehaviour.stop();
    await expectPlacedOnce(service, name);
  },
);

const atTheCommit = refusals.filter(([, sqlState]) => ['53100', '57P01', '40001', '23514', 'XX000'].includes(sqlState));

test.each(atTheCommit)(
  'P7: %s (%s) at the commit (D13) is never OK, and nothing is kept',
  async (_what, sqlState, expected) => {
    const name = `commit-${sqlState}`;
    const recordsBefore = await answersInRedis();
    const misbehaviour = await misbehave(database.url, name, raise(sqlState), 'commit');
    const refused = await place(service.client, name);
    expect(inWords(refused)).toBe(expected);
    expect(await countsOf(database.url, name)).toEqual(NO_ORDER);
    expect(await answersInRedis()).toBe(recordsBefore);
    await misbehaviour.stop();
    await expectPlacedOnce(service, name);
  },
);

test.each(['40001', '40P01'])(
  'P1: a race that is lost once (%s, D11) is run again, and nobody notices',
  async (sqlState) => {
    const name = `once-${sqlState}`;
    const misbehaviour = await misbehave(database.url, name, `if times = 1 then ${raise(sqlState)}; end if`);
    await expectPlacedOnce(service, name);
    expect(await misbehaviour.times()).toEqual({ times: 2 });
  },
);

test('P10: a race that is always lost is given up after a few times', async () => {
  const misbehaviour = await misbehave(database.url, 'always-loses', raise('40001'));
  expect(inWords(await place(service.client, 'always-loses'))).toBe(BUSY);
  expect(await misbehaviour.times()).toEqual({ times: 4 });
});

test('a refused statement leaves its cause in the log', () => {
  const errors = service.log.filter(({ msg }) => msg === 'a call met an internal error');
  expect(errors.length).toBeGreaterThan(0);
  expect(JSON.stringify(errors)).toContain(SECRET);
});

/** All that a caller can see of a result. */
function everythingIn(result: CallResult): string {
  return JSON.stringify(
    [result.message, result.errorInfo && [...result.errorInfo.metadata], result.metadata.toJSON()],
    (_key, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value),
  );
}

/** How many records have their answer in Redis. */
function answersInRedis(): Promise<number> {
  return withRedis(redis, async (admin) => {
    const keys = await admin.keys('orders:*{[0-9a-f]*');
    const states = await Promise.all(keys.map((key) => admin.hget(key, 'state')));
    return states.filter((state) => state !== 'PENDING').length;
  });
}
