import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { expectPlacedOnce, expectSettled } from './named-orders.ts';
import { startWatchedService } from './watched-service.ts';

const settings = { REDIS_CIRCUIT_FAILURES: '2', REDIS_CIRCUIT_PROBE_MS: '20' };

let database: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([database.drop(), redis.stop()]);
});

test('P5: without any Redis from the start, orders are placed once, and retries get their answer', async () => {
  await using service = await startWatchedService({ databaseUrl: database.url, settings });
  await expectPlacedOnce(service, 'no-redis');
  expect(await service.gauge('idempotency_degraded')).toBe(1);
  expect(await service.health()).toBe('SERVING');
  expect(service.hasLogged('there is no REDIS_URL')).toBe(true);
});

test('P5: Redis that is down from the start is missed, told of, and used when it comes', async () => {
  await redis.kill();
  await using service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url, settings });
  const answer = await expectPlacedOnce(service, 'down-from-the-start');
  await service.becomesDegraded();
  expect(await service.health()).toBe('SERVING');
  expect(service.hasLogged('the service is degraded')).toBe(true);

  await redis.restart();
  await service.becomesWhole();
  expect(service.hasLogged('Redis is back')).toBe(true);
  await expectSettled(service, 'down-from-the-start', answer);
  await expectPlacedOnce(service, 'after-redis-came');
  // Not once for each probe that failed.
  expect(service.log.filter(({ msg }) => String(msg).includes('the service is degraded'))).toHaveLength(1);
});

test('P5: Redis killed in mid run costs no answer, and comes back by itself', async () => {
  await using service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url, settings });
  const before = await expectPlacedOnce(service, 'before-the-kill');
  expect(await service.gauge('idempotency_degraded')).toBe(0);

  await redis.kill();
  const during = await expectPlacedOnce(service, 'after-the-kill');
  await expectSettled(service, 'before-the-kill', before);
  await service.becomesDegraded();
  expect(await service.health()).toBe('SERVING');

  await redis.restart();
  await service.becomesWhole();
  await expectSettled(service, 'before-the-kill', before);
  await expectSettled(service, 'after-the-kill', during);
});
