import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createGate } from '../../support/pause-gate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { countsOf, expectPlacedOnce, inWords, ONE_ORDER, place, placeOther, REUSED } from './named-orders.ts';
import { withRedis } from './redis-server.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

let database: TestDatabase;
let redis: TestRedis;
/** Its handlers wait before the commit while the gate is closed. */
let held: WatchedService;
let neighbour: WatchedService;
const beforeCommit = createGate('before_commit');

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  held = await startWatchedService({ ...stores, pause: beforeCommit.pause });
  neighbour = await startWatchedService(stores);
});

afterAll(async () => {
  await Promise.all([held.stop(), neighbour.stop()]);
  await Promise.all([database.drop(), redis.stop()]);
});

const processes = [
  ['the same process', () => held],
  ['another process', () => neighbour],
] as const;

test.each(processes)(
  'P3: a key that Redis forgot is not lost to another request that runs with it in %s',
  async (which, target) => {
    const name = `forgotten-in-${which.replaceAll(' ', '-')}`;
    const { response } = await expectPlacedOnce(held, name);
    await withRedis(redis, (admin) => admin.flushall());
    const thief = await beforeCommit.hold(() => placeOther(held.client, name));
    const owner = await place(target().client, name);
    beforeCommit.open();
    expect([inWords(owner), inWords(await thief.result)]).toEqual(['OK replayed', REUSED]);
    expect(owner.response).toEqual(response);
    expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
  },
);

test.each(processes)(
  'P1: a claim that Redis lost while the handler ran (S9) makes no second order in %s',
  async (which, target) => {
    const name = `evicted-in-${which.replaceAll(' ', '-')}`;
    const first = await beforeCommit.hold(() => place(held.client, name));
    await withRedis(redis, (admin) => admin.flushall());
    const duplicate = place(target().client, name);
    if (target() === neighbour) await duplicate;
    beforeCommit.open();
    const answers = [await first.result, await duplicate];
    expect(answers.map(inWords).sort()).toEqual(['OK executed', 'OK replayed']);
    expect(answers[0]?.response).toEqual(answers[1]?.response);
    expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
  },
);
