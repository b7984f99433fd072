import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectPlacedOnce, expectSettled, inWords, place } from '../../integration/faults/named-orders.ts';
import { refusalSettings, refusals } from '../../integration/faults/redis-refusals.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import type { CallResult } from '../../support/unary-call.ts';

let database: TestDatabase;
let redis: TestRedis;
let service: WatchedService;
const beforeCommit = createGate('before_commit');

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis({ settings: refusalSettings })]);
  const settings = { REDIS_CIRCUIT_FAILURES: '3' };
  service = await startWatchedService({
    databaseUrl: database.url,
    redisUrl: redis.url,
    settings,
    pause: beforeCommit.pause,
  });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

// redis/redis#584, and the other ways in which Redis refuses to write or to answer at all.
test.each(refusals)(
  'S8 Redis refuses with $error: calls that run and calls that come are answered, stored answers replayed, and then it is used again',
  async ({ error, provoke }) => {
    const before = await expectPlacedOnce(service, `before-${error}`);
    const running = await beforeCommit.hold(() => place(service.client, `running-${error}`));
    const undo = await provoke(redis);
    beforeCommit.open();
    let during: CallResult;
    try {
      expect(inWords(await running.result)).toBe('OK executed');
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
    await expectSettled(service, `running-${error}`, await running.result);
    await expectPlacedOnce(service, `after-${error}`);
  },
);
