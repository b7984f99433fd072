import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createGate } from '../../support/pause-gate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { namesOf } from '../orders/record-names.ts';
import { customerIn, expectPlacedOnce, expectSettled, inWords, place } from './named-orders.ts';
import { completedReply, withRedis } from './redis-server.ts';
import { until } from './until.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

const COMMAND_TIMEOUT_MS = 800;
/** What a loaded machine may add to a call. */
const ALLOWANCE_MS = 2_000;

let database: TestDatabase;
let redis: TestRedis;
let proxy: TcpProxy;
/** Behind the proxy; its handlers wait before the commit while the gate is closed. */
let service: WatchedService;
/** Close to Redis. */
let neighbour: WatchedService;
const beforeCommit = createGate('before_commit');

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  proxy = await startTcpProxy(redis.port);
  const settings = {
    REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS),
    REDIS_SLOW_MS: '200',
    REDIS_CIRCUIT_FAILURES: '3',
    REDIS_CIRCUIT_PROBE_MS: '100',
    // A waiter that is not woken must show as one.
    IDEMPOTENCY_RECHECK_MS: '60000',
  };
  const databaseUrl = database.url;
  service = await startWatchedService({ databaseUrl, redisUrl: `redis://127.0.0.1:${proxy.port}`, settings });
  neighbour = await startWatchedService({
    databaseUrl,
    redisUrl: redis.url,
    settings,
    pause: beforeCommit.pause,
  });
});

afterEach(async () => {
  proxy.setDelay(0);
  proxy.heal();
  beforeCommit.open();
  await service.becomesWhole();
});

afterAll(async () => {
  await Promise.all([service.stop(), neighbour.stop()]);
  await proxy.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

test('a service takes calls when it has found Redis: also its first call leaves a record there', async () => {
  // Some round trips pass before a connection is of use.
  proxy.setDelay(90);
  await using starting = await startWatchedService({
    databaseUrl: database.url,
    redisUrl: `redis://127.0.0.1:${proxy.port}`,
    settings: { REDIS_COMMAND_TIMEOUT_MS: '5000', REDIS_SLOW_MS: '4900' },
  });
  expect(inWords(await place(starting.client, 'first-of-all'))).toBe('OK executed');
  expect(await withRedis(redis, (admin) => namesOf(admin, 'first-of-all'))).toHaveLength(1);
});

test('P5: answers that come, but slowly, open the circuit, and quick ones close it again', async () => {
  const before = await expectPlacedOnce(service, 'quick');
  proxy.setDelay(150);
  await expectPlacedOnce(service, 'slow');
  await service.becomesDegraded();
  expect(service.log.some(({ err }) => JSON.stringify(err ?? '').includes('slower than 200 ms'))).toBe(true);
  await expectSettled(service, 'quick', before);
  proxy.setDelay(0);
  await service.becomesWhole();
  await expectPlacedOnce(service, 'quick-again');
});

test('P5: a connection that is open and dumb (S3, S6) costs a call at most the time limit, and is replaced', async () => {
  const before = await expectPlacedOnce(service, 'before-the-silence');
  proxy.swallow();
  const startedMs = performance.now();
  const calls = Array.from({ length: 6 }, (_, index) => place(service.client, `in-the-silence-${index}`));
  expect(new Set((await Promise.all(calls)).map(inWords))).toEqual(new Set(['OK executed']));
  expect(performance.now() - startedMs).toBeLessThan(COMMAND_TIMEOUT_MS + ALLOWANCE_MS);
  await service.becomesDegraded();
  expect(await service.health()).toBe('SERVING');
  await expectSettled(service, 'before-the-silence', before);
  proxy.heal();
  await service.becomesWhole();
  await expectPlacedOnce(service, 'after-the-silence');
});

test('P3: replies that have moved by one (S4) answer nobody', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `shifted-${index}`);
  for (const name of names) await place(neighbour.client, name);
  const stranger = await expectPlacedOnce(service, 'stranger');
  proxy.answerBefore('evalsha', completedReply(stranger));
  // At once, and so in one pipeline: each gets the reply to its predecessor's question, and the first one a stranger's.
  const answers = await Promise.all(names.map((name) => place(service.client, name)));
  expect(answers.map(customerIn)).toEqual(names);
  expect(answers.map(inWords)).toEqual(names.map(() => 'OK replayed'));
});

test('P4: a waiter is woken again after the connection for wake-ups was open and dumb', async () => {
  const before = await subscribers();
  proxy.swallow();
  const calls = Array.from({ length: 6 }, (_, index) => place(service.client, `in-the-deafness-${index}`));
  await Promise.all(calls);
  await service.becomesDegraded();
  proxy.heal();
  await subscribedAnew(before, 1);
  await service.becomesWhole();
  await expectWoken('after-the-deafness');
});

test('P4: a waiter is woken again after its connections were cut', async () => {
  const before = await subscribers();
  await withRedis(redis, (admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
  await subscribedAnew(before, 2);
  await expectWoken('after-the-cut');
});

/** The connections on which the two services listen, by their ids. */
async function subscribers(): Promise<readonly string[]> {
  const list = await withRedis(redis, (admin) => admin.client('LIST', 'TYPE', 'PUBSUB'));
  return [...String(list).matchAll(/^id=(\d+)/gm)].map(([, id]) => String(id));
}

/** Waits until so many services listen on new connections; a dumb one may outlive its use. */
async function subscribedAnew(before: readonly string[], services: number): Promise<void> {
  await until('subscribed anew', async () => {
    const now = await subscribers();
    return now.filter((id) => !before.includes(id)).length >= services;
  });
}

/** Has a call wait for one that runs in the neighbour. It would look by itself only when the lease of 5 s is over. */
async function expectWoken(name: string): Promise<void> {
  const first = await beforeCommit.hold(() => place(neighbour.client, name));
  const duplicate = place(service.client, name);
  await until('a duplicate waits', () => withRedis(redis, (admin) => isWaitedFor(admin)));
  const startedMs = performance.now();
  beforeCommit.open();
  expect(inWords(await first.result)).toBe('OK executed');
  expect(inWords(await duplicate)).toBe('OK replayed');
  expect(performance.now() - startedMs).toBeLessThan(2_500);
}

async function isWaitedFor(admin: Redis): Promise<boolean> {
  const keys = await admin.keys('orders:*{[0-9a-f]*');
  const waited = await Promise.all(keys.map((key) => admin.hget(key, 'waited')));
  return waited.includes('1');
}
