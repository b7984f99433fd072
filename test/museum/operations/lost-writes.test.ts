import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import { expectSettled, inWords, place } from '../../integration/faults/named-orders.ts';
import { until } from '../../integration/faults/until.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type MeasuredProcess, startMeasuredProcess } from './measured-process.ts';

// O1: parse-community/parse-server#10635, socketio/socket.io-redis-emitter#139. A write to Redis that nobody waited for failed, and took the
// process with it.

let database: TestDatabase;
let redis: TestRedis;
let service: MeasuredProcess;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const settings = {
    FULFILMENT_ENABLED: 'true',
    REDIS_CIRCUIT_FAILURES: '1',
    REDIS_COMMAND_TIMEOUT_MS: '300',
    REDIS_SLOW_MS: '200',
    LOG_LEVEL: 'debug',
  };
  service = await startMeasuredProcess({ databaseUrl: database.url, redisUrl: redis.url, settings });
}, 60_000);

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

const logged = (words: string) => service.log.filter((line) => line.includes(words)).length;

async function untilRedisIsUsed(): Promise<void> {
  const before = logged('Redis is back');
  await redis.restart();
  await until('Redis is used again', () => logged('Redis is back') > before);
}

const points: readonly PausePoint[] = [
  'before_begin',
  'after_begin',
  'before_commit',
  'after_commit',
  'before_settle',
  'before_answer',
];

test.each(points)(
  'O1 a write that nobody waits for ends no process: Redis dies while a call is at %s',
  async (point) => {
    const name = `dies-at-${point}`;
    const { result } = await service.hold(point, () => place(service.client, name));
    await redis.kill();
    service.goOn();
    const answer = await result;
    expect(inWords(answer)).toBe('OK executed');
    await until('it is noticed', () => logged('the service is degraded') > logged('Redis is back'));
    await expectSettled({ client: service.client, databaseUrl: database.url }, name, answer);
    await untilRedisIsUsed();
  },
);

test('O1 a write that nobody waits for ends no process: Redis dies under every timer, for a claim is renewed, a duplicate waits, events are published', async () => {
  const { result } = await service.hold('before_commit', () => place(service.client, 'long'));
  const waiter = place(service.client, 'long');
  await redis.kill();
  // A lease of five seconds is renewed every third of it, and the probe tries each fifth of a second.
  await place(service.client, 'published-later');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  service.goOn();
  expect([inWords(await result), inWords(await waiter)]).toEqual(['OK executed', 'OK replayed']);
  await untilRedisIsUsed();
  await until('events go on', () => logged('cannot be published') > 0);
});

test('O1 a write that nobody waits for ends no process: there was no rejection that nobody heard, and the stop is in order', async () => {
  expect(inWords(await place(service.client, 'in-the-end'))).toBe('OK executed');
  await redis.kill();
  expect(await service.stop()).toBe(0);
  expect(service.log.filter((line) => !line.startsWith('{'))).toEqual([]);
  expect(service.log.filter((line) => /unhandled|uncaught/i.test(line))).toEqual([]);
});
