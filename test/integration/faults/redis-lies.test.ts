import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { recordIdentity } from '../../../src/idempotency/record.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { countsOf, expectPlacedOnce, inWords, ONE_ORDER, place, placeOther, REUSED } from './named-orders.ts';
import { connectToRedis } from './redis-server.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

let database: TestDatabase;
let redis: TestRedis;
let admin: Redis;
let service: WatchedService;
/** What the names of records in Redis begin with: prefix and epoch. */
let namespace: string;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  admin = connectToRedis(redis);
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url });
  await expectPlacedOnce(service, 'shows-the-namespace');
  const [name = ''] = await admin.keys('orders:*{[0-9a-f]*');
  namespace = name.slice(0, name.indexOf('{'));
});

afterAll(async () => {
  admin.disconnect();
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

const ages = { over: 1, running: Date.now() + 3_600_000 };
const otherFingerprint = { fingerprint: 'f'.repeat(64), fingerprint_version: 1 };
const hashes = {
  'a hash of nothing we know': { colour: 'red' },
  'a hash in no known state': { state: 'LOST', ...otherFingerprint },
  'a PENDING without an owner': { state: 'PENDING', ...otherFingerprint, lease_ends_ms: ages.running },
  'a COMPLETED without an answer': { state: 'COMPLETED', ...otherFingerprint, form: 1, kept: 'here' },
  'a FAILED without a status': { state: 'FAILED', ...otherFingerprint, form: 1, kept: 'here' },
  'a COMPLETED whose fingerprint cannot be compared': {
    state: 'COMPLETED',
    fingerprint: 'f'.repeat(64),
    fingerprint_version: 0,
    form: 1,
    kept: 'here',
    response: 'x',
  },
  'a COMPLETED of another request': { state: 'COMPLETED', ...otherFingerprint, form: 1, kept: 'here', response: 'x' },
  'a PENDING of another request whose owner is dead': {
    state: 'PENDING',
    ...otherFingerprint,
    owner: 'dead',
    lease_ends_ms: ages.over,
  },
  'a PENDING whose lease ends in an hour': {
    state: 'PENDING',
    fingerprint: 'f'.repeat(64),
    fingerprint_version: 0,
    owner: 'dead',
    lease_ends_ms: ages.running,
  },
  'numbers that are none': {
    state: 'PENDING',
    fingerprint: 'f'.repeat(64),
    fingerprint_version: 'x',
    owner: 'o',
    lease_ends_ms: 'soon',
    expires_ms: 'never',
  },
};
const foreignValues: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
  ['a string', (key) => admin.set(key, 'x')],
  ['a list', (key) => admin.rpush(key, 'x')],
  ['a set', (key) => admin.sadd(key, 'x')],
  ['a sorted set', (key) => admin.zadd(key, 1, 'x')],
  ['a stream', (key) => admin.xadd(key, '*', 'a', 'b')],
  ...Object.entries(hashes).map(([name, hash]) => [name, (key: string) => admin.hset(key, hash)] as const),
];

const anyPolicy = {
  keyRequired: false,
  timeToLiveMs: 1,
  leaseMs: 1,
  longestWaitMs: 1,
  expiredKeyIsNew: false,
  fingerprintExclusions: [],
};

function redisName(key: string): string {
  const { id } = recordIdentity({
    principal: 'anonymous',
    method: '/orders.v1.OrderService/CreateOrder',
    key: { value: key, source: 'client' },
    fingerprint: { version: 1, hash: '' },
    policy: anyPolicy,
  });
  return `${namespace}{${id}}`;
}

test('the tests know the name of a record in Redis', async () => {
  expect(await admin.exists(redisName('shows-the-namespace'))).toBe(1);
});

test.each(foreignValues)('P5: %s under a new key does not stand in its way', async (what, put) => {
  const name = `new ${what}`.replaceAll(' ', '-');
  await put(redisName(name));
  await expectPlacedOnce(service, name);
});

test.each(foreignValues)('P5: %s in place of an answer is not believed', async (what, put) => {
  const name = `old ${what}`.replaceAll(' ', '-');
  const { response } = await expectPlacedOnce(service, name);
  await admin.del(redisName(name));
  await put(redisName(name));
  const [other, again] = [await placeOther(service.client, name), await place(service.client, name)];
  expect([inWords(other), inWords(again)]).toEqual([REUSED, 'OK replayed']);
  expect(again.response).toEqual(response);
  expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
});

test('P5: a foreign value under the name of the probe does not keep the circuit open', async () => {
  await redis.freeze();
  const calls = Array.from({ length: 10 }, (_, index) => place(service.client, `opens-the-circuit-${index}`));
  await Promise.all(calls);
  await service.becomesDegraded();
  await redis.thaw();
  await admin.multi().del('orders:probe').rpush('orders:probe', 'x').exec();
  await service.becomesWhole();
});
