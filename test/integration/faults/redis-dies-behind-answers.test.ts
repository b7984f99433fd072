import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { countsOf, expectPlacedOnce, expectSettled, inWords, ONE_ORDER, place } from './named-orders.ts';
import { until } from './until.ts';

let database: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
});

beforeEach(() => redis.restart());

afterAll(async () => {
  await Promise.all([database.drop(), redis.stop()]);
});

/**
 * After the commit, when the outcome goes to Redis; and while the handler runs, when its claim is renewed, every third of a
 * lease of 5 s: before the next probe.
 */
const moments = [
  ['before_settle', '200'],
  ['before_commit', '4000'],
] as const;

test.each(moments)('O1: Redis that dies while a call is at %s does not end the process', async (pauseAt, probeMs) => {
  const settings = {
    REDIS_CIRCUIT_FAILURES: '1',
    REDIS_COMMAND_TIMEOUT_MS: '300',
    REDIS_SLOW_MS: '200',
    REDIS_CIRCUIT_PROBE_MS: probeMs,
    LOG_LEVEL: 'debug',
  };
  await using service = await startServiceProcess({
    databaseUrl: database.url,
    redisUrl: redis.url,
    settings,
    pauseAt,
  });
  const name = `dies-at-${pauseAt}`;
  const first = place(service.client, name);
  await service.paused();
  await redis.kill();
  if (pauseAt === 'before_commit') {
    await hasLogged(service, 'the service is degraded');
  }
  service.resume();

  const answer = await first;
  expect(inWords(answer)).toBe('OK executed');
  expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
  await expectSettled({ client: service.client, databaseUrl: database.url }, name, answer);
  await hasLogged(service, 'the service is degraded');
  await redis.restart();
  await hasLogged(service, 'Redis is back');
  await expectPlacedOnce({ client: service.client, databaseUrl: database.url }, `${name}-after`);

  service.signal('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(
    service.log.filter((line) => /unhandled|uncaught|Error: |warning/i.test(line) && !line.startsWith('{')),
  ).toEqual([]);
});

function hasLogged(service: ServiceProcess, words: string): Promise<void> {
  return until(`logged: ${words}`, () => service.log.some((line) => line.includes(words)));
}
