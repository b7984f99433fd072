import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { cancelledOrder, cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue, status } from '../../support/unary-call.ts';
import { recordIdOf } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;
let withoutRedis: TestService;
let dying: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  [service, withoutRedis, dying] = await Promise.all([
    startTestService({ ...stores, pause: gate.pause }),
    startTestService({ databaseUrl: stores.databaseUrl, pause: gate.pause }),
    startServiceProcess({ ...stores, pauseAt: 'after_commit' }),
  ]);
}, 60_000);

afterAll(async () => {
  gate.open();
  await Promise.all([service.stop(), withoutRedis.stop(), dying.kill()]);
  await stores.close();
}, 60_000);

async function place(): Promise<string> {
  const key = crypto.randomUUID();
  return createdOrder(await createOrder(service.client, orderRequest(), { key })).orderId;
}

/** The key of another cancel is refused for this order, which stays as it was. */
async function expectRefused(at: TestService, key: string): Promise<void> {
  const orderId = await place();
  const before = readOrder(await getOrder(service.client, orderId));
  const refused = await cancelOrder(at.client, orderId, { key });
  expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, response: undefined });
  expect(refused.errorInfo).toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED', domain: 'idempotency.v1' });
  expect(readOrder(await getOrder(service.client, orderId))).toEqual(before);
  expect(await stores.audit.run('select from order_events where order_id = $1', [orderId])).toHaveLength(1);
}

/** Cancels one order, or fails to. */
async function spend(key: string, orderId: string): Promise<void> {
  const { code } = await cancelOrder(service.client, orderId, { key });
  expect([status.OK, status.NOT_FOUND]).toContain(code);
}

const noOrder = '00000000-0000-7000-8000-000000000000';

test.each([
  ['COMPLETED', async (key: string) => spend(key, await place()), () => service],
  ['FAILED', async (key: string) => spend(key, noOrder), () => service],
  ['in the ledger only', async (key: string) => forgetting(spend(key, await place())), () => service],
  ['FAILED and in the ledger only', async (key: string) => forgetting(spend(key, noOrder)), () => service],
  ['without Redis', async (key: string) => spend(key, await place()), () => withoutRedis],
])('P3 (K4) a key that has cancelled one order cancels no other: %s', async (name, arrange, at) => {
  const key = name.replaceAll(' ', '-');
  await arrange(key);
  await expectRefused(at(), key);
});

async function forgetting(done: Promise<void>): Promise<void> {
  await done;
  await stores.redisClient.flushall();
}

test('P3 (K4) while a cancel is PENDING, and while its duplicate waits, its key cancels no other order', async () => {
  const [orderId, other] = [await place(), await place()];
  const { result: running } = await gate.hold(() => cancelOrder(service.client, orderId, { key: 'pending' }));
  const refused = await cancelOrder(service.client, other, { key: 'pending' });
  expect(refused.errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  const duplicate = cancelOrder(service.client, orderId, { key: 'pending' });
  const beside = await cancelOrder(service.client, other, { key: 'pending' });
  expect(beside.errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  gate.open();
  const first = await running;
  cancelledOrder(first);
  expect((await duplicate).response).toEqual(first.response);
  expect(metadataValue(await duplicate, 'idempotency-status')).toBe('replayed');
  expect(readOrder(await getOrder(service.client, other)).state).toBe(1);
});

test('P3 (K4) two orders race for one key without Redis: one is cancelled, the other stays as it was', async () => {
  const orderIds = [await place(), await place()];
  gate.close();
  const race = [service, withoutRedis].map((at, index) =>
    cancelOrder(at.client, orderIds[index] ?? '', { key: 'race' }),
  );
  await gate.arrived(2);
  gate.open();
  const results = await Promise.all(race);
  const states = await Promise.all(orderIds.map(async (id) => readOrder(await getOrder(service.client, id)).state));
  expect(results.map(({ code }) => code).sort()).toEqual([status.OK, status.INVALID_ARGUMENT]);
  expect(results.map(({ code }) => code === status.OK)).toEqual(states.map((state) => state === 5));
});

test('P3 P6 (K4) the key of a cancel whose owner died behind its commit cancels no other order when it is taken over', async () => {
  const orderId = await place();
  const first = cancelOrder(dying.client, orderId, { key: 'taken' });
  await dying.paused();
  await dying.kill();
  expect((await first).code).toBe(status.UNAVAILABLE);
  // The lease is over, as far as Redis knows.
  const [name = ''] = await stores.redisClient.keys(`*{${recordIdOf('taken', OrderServiceService.cancelOrder.path)}}`);
  await stores.redisClient.hset(name, 'lease_ends_ms', '1');
  await expectRefused(service, 'taken');
  const again = await cancelOrder(service.client, orderId, { key: 'taken' });
  cancelledOrder(again);
  expect(metadataValue(again, 'idempotency-status')).toBe('replayed');
});
