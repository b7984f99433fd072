import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import type { CallResult } from '../../support/unary-call.ts';
import { expectPlacedOnce, expectSettled, inWords, place } from './named-orders.ts';
import { refusalSettings, refusals } from './redis-refusals.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

jest.setTimeout(30_000);

let database: TestDatabase;
let redis: TestRedis;
let service: WatchedService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis({ settings: refusalSettings })]);
  const settings = { REDIS_CIRCUIT_FAILURES: '3' };
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url, settings });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

test.each(refusals)(
  'P5: while Redis refuses with $error, orders are placed once, and then it is used again',
  async ({ error, provoke }) => {
    const before = await expectPlacedOnce(service, `before-${error}`);
    const undo = await provoke(redis);
    let during: CallResult;
    try {
      during = await expectPlacedOnce(service, `during-${error}`);
      await expectSettled(service, `before-${error}`, before);
      // Traffic that goes on while the circuit makes up its mind.
      const others = Array.from({ length: 10 }, (_, index) => place(service.client, `traffic-${error}-${index}`));
      expect(new Set((await Promise.all(others)).map(inWords))).toEqual(new Set(['OK executed']));
      await service.becomesDegraded();
      expect(await service.health()).toBe('SERVING');
    } finally {
      await undo();
    }
    await service.becomesWhole();
    await expectSettled(service, `before-${error}`, before);
    await expectSettled(service, `during-${error}`, during);
    await expectPlacedOnce(service, `after-${error}`);
  },
);
