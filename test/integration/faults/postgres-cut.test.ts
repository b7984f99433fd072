import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { committed, entrySent } from '../../support/passages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { impatientSettings, POOL_SIZE } from './impatient-settings.ts';
import { countsOf, expectSettled, inWords, NO_ORDER, ONE_ORDER, place, placeOther, REUSED } from './named-orders.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

let database: TestDatabase;
let redis: TestRedis;
let proxy: TcpProxy;
let withRedisAtHand: WatchedService;
let withoutRedis: WatchedService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const url = new URL(database.url);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const settings = impatientSettings;
  const direct = { databaseUrl: database.url };
  withRedisAtHand = {
    ...(await startWatchedService({ databaseUrl: url.href, redisUrl: redis.url, settings })),
    ...direct,
  };
  withoutRedis = { ...(await startWatchedService({ databaseUrl: url.href, settings })), ...direct };
});

afterAll(async () => {
  await Promise.all([withRedisAtHand.stop(), withoutRedis.stop()]);
  await proxy.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

const cuts = [
  { what: 'before its statement arrives', passages: [entrySent], left: NO_ORDER, retry: 'OK executed' },
  { what: 'before the answer to it arrives', passages: [entrySent, committed], left: ONE_ORDER, retry: 'OK replayed' },
];
const stores = [
  { store: 'Redis', target: () => withRedisAtHand },
  { store: 'no Redis', target: () => withoutRedis },
];

test.each(cuts.flatMap((cut) => stores.map((store) => ({ ...cut, ...store }))))(
  'P1: with $store, a connection cut $what (D2) leaves a question that the same key answers',
  async ({ what, store, target, passages, left, retry }) => {
    const name = `${store}-${what}`.replaceAll(' ', '-');
    const wasCut = proxy.cutAfter(...passages);
    const first = await place(target().client, name);
    await wasCut;
    expect(inWords(first)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
    expect(await countsOf(database.url, name)).toEqual(left);

    const again = await place(target().client, name);
    expect(inWords(again)).toBe(retry);
    await expectSettled(target(), name, again);
  },
);

test('P3: a key whose outcome is unknown is refused to another order if the first was placed', async () => {
  const wasCut = proxy.cutAfter(entrySent, committed);
  await place(withRedisAtHand.client, 'unknown-and-reused');
  await wasCut;
  expect(inWords(await placeOther(withRedisAtHand.client, 'unknown-and-reused'))).toBe(REUSED);
  expect(inWords(await place(withRedisAtHand.client, 'unknown-and-reused'))).toBe('OK replayed');
});

test('cut connections go out of the pool, and new ones come in', async () => {
  for (let index = 0; index < 2 * POOL_SIZE; index += 1) {
    const wasCut = proxy.cutAfter(entrySent, committed);
    await place(withoutRedis.client, `cut-often-${index}`);
    await wasCut;
  }
  const names = Array.from({ length: 3 * POOL_SIZE }, (_, index) => `after-the-cuts-${index}`);
  const answers = await Promise.all(names.map((name) => place(withoutRedis.client, name)));
  expect(answers.map(inWords)).toEqual(names.map(() => 'OK executed'));
});
