import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type CallResult, status } from '../../support/unary-call.ts';
import { impatientSettings, SILENCE_LIMIT_MS } from './impatient-settings.ts';
import { countsOf, expectPlacedOnce, expectSettled, inWords, ONE_ORDER, place } from './named-orders.ts';
import { until } from './until.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 2_500;
const CONNECT_TIMEOUT_MS = 500;

let postgres: OwnPostgres;
let proxy: TcpProxy;
let redis: TestRedis;
let service: WatchedService;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startOwnPostgres(), startTestRedis()]);
  proxy = await startTcpProxy(postgres.port);
  const throughProxy = new URL(postgres.url);
  throughProxy.port = String(proxy.port);
  const watched = await startWatchedService({
    databaseUrl: throughProxy.href,
    redisUrl: redis.url,
    settings: { ...impatientSettings, REDIS_CIRCUIT_FAILURES: '2', DATABASE_GRACE_MS: '1000' },
  });
  service = { ...watched, databaseUrl: postgres.url };
});

afterEach(async () => {
  await postgres.thaw();
  proxy.heal();
});

afterAll(async () => {
  await service.stop();
  await proxy.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
});

const disappearances: readonly (readonly [string, () => unknown, () => unknown])[] = [
  ['killed', () => postgres.killHard(), () => postgres.restart()],
  ['frozen', () => postgres.freeze(), () => postgres.thaw()],
  ['cut off without a word', () => proxy.swallow(), () => proxy.heal()],
];

test.each(disappearances)(
  'P8: PostgreSQL %s: UNAVAILABLE in time, no key spent, and back by itself',
  async (how, vanish, appear) => {
    const named = (what: string) => `${how.replaceAll(' ', '-')}-${what}`;
    const before = await expectPlacedOnce(service, named('before'));
    await vanish();

    const startedMs = performance.now();
    const names = Array.from({ length: 10 }, (_, index) => named(`during-${index}`));
    const refused = await Promise.all(names.map((name) => place(service.client, name)));
    for (const result of refused) expectTryAgain(result);
    expect(performance.now() - startedMs).toBeLessThan(SILENCE_LIMIT_MS + CONNECT_TIMEOUT_MS + ALLOWANCE_MS);
    await until('the database is missed', async () => (await service.gauge('database_up')) === 0);
    await until('the health says so', async () => (await service.health()) === 'NOT_SERVING');
    expect(service.hasLogged('the database is gone')).toBe(true);
    // Once it is known, nobody waits for it.
    expect(inWords(await place(service.client, names[0] ?? ''))).toBe('UNAVAILABLE DATABASE_UNAVAILABLE, may retry');

    await appear();
    await until('the health is good again', async () => (await service.health()) === 'SERVING');
    expect(await service.gauge('database_up')).toBe(1);
    for (const name of names) {
      expect((await place(service.client, name)).code).toBe(status.OK);
      expect(await countsOf(service.databaseUrl, name)).toEqual(ONE_ORDER);
    }
    await expectSettled(service, named('before'), before);
    await expectPlacedOnce(service, named('after'));
  },
);

test('the health forgives PostgreSQL a moment of absence', async () => {
  await postgres.killHard();
  expectTryAgain(await place(service.client, 'in-the-blink'));
  expect(await service.health()).toBe('SERVING');
  await postgres.restart();
  await until('up', async () => (await service.gauge('database_up')) === 1);
  expect(await service.health()).toBe('SERVING');
});

test('P1, P7: PostgreSQL killed under traffic: every key that is retried has one order in the end', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `traffic-${index}`);
  const calls = names.map((name) => place(service.client, name));
  // Killed when the first answer is here: others are under way.
  await Promise.race(calls);
  await postgres.killHard();
  const first = await Promise.all(calls);
  await postgres.restart();
  await until('up', async () => (await service.gauge('database_up')) === 1);
  const again = await Promise.all(names.map(placedInTheEnd));
  for (const [index, name] of names.entries()) {
    const [earlier, later] = [first[index], again[index]];
    expect([name, later?.code]).toEqual([name, status.OK]);
    if (earlier?.code === status.OK) {
      expect(later?.response).toEqual(earlier.response);
    }
    expect(await countsOf(service.databaseUrl, name)).toEqual(ONE_ORDER);
  }
  for (const refused of first.filter(({ code }) => code !== status.OK)) {
    expectTryAgain(refused);
  }
});

test('P5, P8: Redis and PostgreSQL both gone, and both back', async () => {
  const before = await expectPlacedOnce(service, 'before-the-night');
  await Promise.all([redis.kill(), postgres.killHard()]);
  const during = [await place(service.client, 'in-the-night'), await place(service.client, 'in-the-night')];
  for (const result of during) expectTryAgain(result);
  await postgres.restart();
  await until('up', async () => (await service.gauge('database_up')) === 1);
  await expectSettled(service, 'before-the-night', before);
  await expectPlacedOnce(service, 'in-the-night');
  await service.becomesDegraded();
  await redis.restart();
  await service.becomesWhole();
  await expectSettled(service, 'before-the-night', before);
  expect(await service.health()).toBe('SERVING');
});

/** Fifty at once may have to come again while the connections are made anew, as their callers are told. */
async function placedInTheEnd(name: string): Promise<CallResult> {
  let result = await place(service.client, name);
  await until(`${name} is answered`, async () => {
    if (result.code === status.UNAVAILABLE) {
      expectTryAgain(result);
      result = await place(service.client, name);
    }
    return result.code !== status.UNAVAILABLE;
  });
  return result;
}

/** It may be that the database is known to be gone, or that it went while it was asked. */
function expectTryAgain(result: CallResult): void {
  expect([
    'UNAVAILABLE DATABASE_UNAVAILABLE, may retry',
    'UNAVAILABLE OUTCOME_UNKNOWN, may retry',
    'UNAVAILABLE IDEMPOTENCY_KEY_IN_PROGRESS, may retry',
  ]).toContain(inWords(result));
}
