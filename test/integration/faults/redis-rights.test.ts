import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { examined } from '../doctor/examined.ts';
import { namesOf } from '../orders/record-names.ts';
import { expectPlacedOnce } from './named-orders.ts';
import { connectToRedis } from './redis-server.ts';
import { until } from './until.ts';
import { startWatchedService } from './watched-service.ts';

// Redis is there, and the service's user may not do everything.

const PROBE_MS = 200;
let database: TestDatabase;
let redis: TestRedis;
let admin: Redis;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  admin = connectToRedis(redis);
});

afterAll(async () => {
  admin.disconnect();
  await Promise.all([database.drop(), redis.stop()]);
});

/** A user with these rights, and no others. */
async function storesOf(user: string, rights: readonly string[]) {
  await admin.call('ACL', 'SETUSER', user, 'reset', 'on', '>sesame', ...rights);
  const url = new URL(redis.url);
  [url.username, url.password] = [user, 'sesame'];
  return { databaseUrl: database.url, redisUrl: url.href };
}

const start = (stores: { databaseUrl: string; redisUrl: string }) =>
  startWatchedService({ ...stores, settings: { REDIS_CIRCUIT_PROBE_MS: String(PROBE_MS) } });

const connectionsMade = async () =>
  Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1] ?? Number.NaN);

test('P5 a user with the rights that the doctor advises can do all that the service does, and the doctor says so', async () => {
  const rights = [
    '~orders*',
    '&orders:wake',
    '+@read',
    '+@write',
    '+@scripting',
    '+@pubsub',
    '+@connection',
    '+time',
    '+info',
  ];
  const stores = await storesOf('advised', rights);
  await using service = await start(stores);
  await expectPlacedOnce(service, 'advised');
  await sleep(5 * PROBE_MS);
  expect(await service.gauge('idempotency_degraded')).toBe(0);
  const [name = ''] = await namesOf(admin, 'advised');
  await until('the outcome', async () => (await admin.hget(name, 'state')) === 'COMPLETED');
  const { of } = await examined(stores);
  expect([of('redis').level, of('scripts').level]).toEqual(['ok', 'ok']);
});

test('P5 a user who may not hear or send messages is served all the same, and connects no more than once a second', async () => {
  const stores = await storesOf('mute', ['~*', 'resetchannels', '+@all']);
  await using service = await start(stores);
  const before = await connectionsMade();
  for (let time = 0; time < 8; time += 1) await expectPlacedOnce(service, `mute-${time}`);
  await sleep(2_500);
  // The doctor's, the test's, and one or two a second of those that would listen.
  expect((await connectionsMade()) - before).toBeLessThan(10);
  expect(await service.gauge('idempotency_degraded')).toBe(0);
  const { of } = await examined(stores);
  expect(of('redis')).toMatchObject({ level: 'fault', advice: expect.stringContaining(':wake') });
});

test.each([['-@scripting'], ['-time']])(
  'P5 a user without what scripts need is of no use, and does not come and go: %s',
  async (right) => {
    const stores = await storesOf('scriptless', ['~*', '&*', '+@all', right]);
    await using service = await start(stores);
    await service.becomesDegraded();
    for (let time = 0; time < 10; time += 1) {
      await sleep(PROBE_MS / 2);
      expect(await service.gauge('idempotency_degraded')).toBe(1);
    }
    await expectPlacedOnce(service, `without${right}`);
  },
);
