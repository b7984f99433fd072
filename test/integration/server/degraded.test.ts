import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { findFreePort } from '../../../src/embedded/port.ts';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { checkHealth } from './health-client.ts';

let stores: OpenStores;
let service: TestService;
let metricsUrl: string;

beforeAll(async () => {
  stores = await openStores();
  const port = await findFreePort();
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  service = await startTestService({ ...stores, settings: { METRICS_LISTEN: `127.0.0.1:${port}` } });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

async function metric(name: string): Promise<number | undefined> {
  const text = await (await fetch(metricsUrl, { headers: { connection: 'close' } })).text();
  const [, value] = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text) ?? [];
  return value === undefined ? undefined : Number(value);
}

/** Calls until the gauge has the value: it is calls that find out about Redis. */
async function degradedBecomes(expected: number) {
  const probe = async () => {
    answerOf(await createOrder(service.client, orderRequest({ customerId: crypto.randomUUID() })));
    return (await metric('idempotency_degraded')) === expected ? true : undefined;
  };
  expect(await poll(probe, { timeoutMs: 30_000 })).toBe(true);
}

function logged(message: string) {
  return service.log.filter(({ msg }) => String(msg).includes(message));
}

test('with Redis gone the service says that it is degraded, stays SERVING, and comes back by itself', async () => {
  answerOf(await createOrder(service.client, orderRequest()));
  expect(await metric('idempotency_degraded')).toBe(0);
  expect(await metric('database_up')).toBe(1);
  expect((await checkHealth(service.client, 'redis')).health).toBe('SERVING');

  await stores.redis.kill();
  await degradedBecomes(1);
  expect(logged('the service is degraded')).toMatchObject([{ level: 40 }]);
  expect((await checkHealth(service.client, '')).health).toBe('SERVING');
  expect((await checkHealth(service.client, 'redis')).health).toBe('NOT_SERVING');

  await stores.redis.restart();
  await degradedBecomes(0);
  expect(logged('no longer degraded')).toHaveLength(1);
  expect((await checkHealth(service.client, '')).health).toBe('SERVING');
  expect((await checkHealth(service.client, 'redis')).health).toBe('SERVING');
}, 60_000);

test('a service without REDIS_URL is degraded from its start, and says so', async () => {
  const port = await findFreePort();
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  const settings = { METRICS_LISTEN: `127.0.0.1:${port}` };
  const alone = await startTestService({ databaseUrl: stores.databaseUrl, settings });
  try {
    expect(await metric('idempotency_degraded')).toBe(1);
    expect((await checkHealth(alone.client, 'redis')).health).toBe('NOT_SERVING');
    expect(alone.log).toContainEqual(expect.objectContaining({ level: 40, msg: expect.stringContaining('REDIS_URL') }));
  } finally {
    await alone.stop();
  }
});
