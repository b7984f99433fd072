import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisLink, RedisUnavailableError } from '../../../src/idempotency/redis/redis-link.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const FAILURES = 3;
let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

test('P5 P10 the circuit opens at so many failures in a row, and no sooner: an answer between them begins the count anew', async () => {
  const changes: boolean[] = [];
  const link = new RedisLink({
    url: redis.url,
    connectTimeoutMs: 10_000,
    commandTimeoutMs: 10_000,
    slowMs: 10_000,
    circuitFailures: FAILURES,
    // No probe has a part in it.
    circuitProbeMs: 600_000,
    probeKey: 'probe',
    onChange: (available) => changes.push(available),
  });
  using _closed = { [Symbol.dispose]: () => link.close() };
  await link.connecting();
  const fail = () => expect(link.run(() => Promise.reject(new Error('no')))).rejects.toThrow(RedisUnavailableError);
  for (let round = 0; round < 3; round += 1) {
    for (let time = 1; time < FAILURES; time += 1) await fail();
    expect(await link.run((client) => client.redis.ping())).toBe('PONG');
  }
  for (let time = 1; time < FAILURES; time += 1) await fail();
  expect([link.available, changes]).toEqual([true, []]);
  await fail();
  expect([link.available, changes]).toEqual([false, [false]]);
});
