import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { cancelledOrder, cancelOrder, moveOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';
import { recordIdOf } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

const noOrder = '00000000-0000-7000-8000-000000000000';
let stores: OpenStores;
let service: TestService;
let withoutRedis: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService(stores);
  withoutRedis = await startTestService({ databaseUrl: stores.databaseUrl });
}, 60_000);

afterAll(async () => {
  await Promise.all([service.stop(), withoutRedis.stop()]);
  await stores.close();
}, 60_000);

async function place(customerId = 'customer', key?: string) {
  return createdOrder(
    await createOrder(service.client, orderRequest({ customerId }), { key: key ?? crypto.randomUUID() }),
  );
}

function eventsOf(orderId: string) {
  return stores.audit.run(
    'select sequence, previous_state, state, reason from order_events where order_id = $1 order by sequence',
    [orderId],
  );
}

async function entriesOf(key: string): Promise<number> {
  return (await stores.audit.run('select from idempotency_keys where key = $1', [key])).length;
}

const placed = { sequence: 1, previous_state: null, state: 'PENDING', reason: '' };

/** All of a failure that its caller gets, but for what names this one call. */
function failureOf({ code, message, metadata }: CallResult) {
  return { code, message, details: metadata.get('grpc-status-details-bin').map(String) };
}

test('an order that is cancelled is CANCELLED with its reason, from then on, and its event says so', async () => {
  const order = await place();
  const result = await cancelOrder(service.client, order.orderId, { reason: 'für 👩‍👧', key: 'own' });
  const cancelled = cancelledOrder(result);
  expect(cancelled).toEqual({
    ...order,
    state: 5,
    sequence: 2,
    stateReason: 'für 👩‍👧',
    updateTime: cancelled.updateTime,
  });
  expect(metadataValue(result, 'idempotency-status')).toBe('executed');
  expect(readOrder(await getOrder(service.client, order.orderId))).toEqual(cancelled);
  expect(await eventsOf(order.orderId)).toEqual([
    placed,
    { sequence: 2, previous_state: 'PENDING', state: 'CANCELLED', reason: 'für 👩‍👧' },
  ]);
});

test.each([
  ['with its own key', 'own-key', 'client'],
  ['without a key', undefined, 'derived'],
])('P1 P2 a cancel that is repeated %s has one effect and one answer', async (_name, key, source) => {
  const { orderId } = await place();
  const cancel = () => cancelOrder(service.client, orderId, { key, reason: 'late' });
  const first = await cancel();
  const again = await cancel();
  expect(again.response).toEqual(first.response);
  expect([first, again].map((result) => metadataValue(result, 'idempotency-status'))).toEqual(['executed', 'replayed']);
  expect(metadataValue(again, 'idempotency-key-source')).toBe(source);
  expect(await eventsOf(orderId)).toHaveLength(2);
});

test('P5 a cancel that is repeated gets its answer, whatever has become of Redis', async () => {
  const { orderId } = await place();
  const cancel = (at = service) => cancelOrder(at.client, orderId, { key: 'forgotten' });
  const first = await cancel();
  cancelledOrder(first);
  await stores.redisClient.flushall();
  for (const again of [await cancel(), await cancel(withoutRedis), await cancel()]) {
    expect(again.response).toEqual(first.response);
    expect(metadataValue(again, 'idempotency-status')).toBe('replayed');
  }
  expect(await eventsOf(orderId)).toHaveLength(2);
});

test('P2 after a restart of the service a cancel that is repeated gets its answer', async () => {
  const { orderId } = await place();
  const first = await cancelOrder(service.client, orderId, { key: 'restart' });
  await stores.redisClient.flushall();
  const next = await startTestService(stores);
  try {
    expect((await cancelOrder(next.client, orderId, { key: 'restart' })).response).toEqual(first.response);
  } finally {
    await next.stop();
  }
});

const ends = ['CONFIRMED', 'REJECTED', 'CANCELLED'] as const;

test.each(ends)('P2 P8 an order that is %s can no longer be cancelled, which is remembered', async (state) => {
  const { orderId } = await place();
  if (state !== 'CANCELLED') await moveOrder(stores.audit.run, orderId, 'PROCESSING');
  await moveOrder(stores.audit.run, orderId, state, 'so it is');
  const before = await eventsOf(orderId);
  const cancel = (at = service) => cancelOrder(at.client, orderId, { key: `too-late-${state}` });
  const first = await cancel();
  expect(first).toMatchObject({ code: status.FAILED_PRECONDITION, hadHeaders: false, response: undefined });
  expect(first.message).toContain(state);
  expect(first.errorInfo).toEqual({
    reason: 'ORDER_NOT_CANCELLABLE',
    domain: 'orders.v1',
    metadata: new Map([
      ['orderId', orderId],
      ['state', state],
    ]),
  });
  expect(first.retryInfo).toBeUndefined();
  // Also when it could be cancelled by now, which no real order ever could.
  await stores.audit.run(`update orders set state = 'PENDING' where order_id = $1`, [orderId]);
  const again = [await cancel(), await cancel(withoutRedis)];
  await stores.redisClient.flushall();
  again.push(await cancel());
  for (const result of again) {
    expect(failureOf(result)).toEqual(failureOf(first));
    expect(metadataValue(result, 'idempotency-status')).toBe('replayed');
  }
  expect(await eventsOf(orderId)).toEqual(before);
});

test('another cancel of an order that was cancelled is refused, and changes nothing of the first', async () => {
  const { orderId } = await place();
  const first = await cancelOrder(service.client, orderId, { key: 'first-cancel', reason: 'first' });
  const second = await cancelOrder(service.client, orderId, { key: 'second-cancel', reason: 'second' });
  expect(second.errorInfo).toMatchObject({ reason: 'ORDER_NOT_CANCELLABLE' });
  expect(readOrder(await getOrder(service.client, orderId))).toEqual(cancelledOrder(first));
  const again = await cancelOrder(service.client, orderId, { key: 'first-cancel', reason: 'first' });
  expect(again.response).toEqual(first.response);
});

test('P2 an order that does not exist is NOT_FOUND, which is remembered', async () => {
  const cancel = (at = service) => cancelOrder(at.client, noOrder, { key: 'unknown' });
  const first = await cancel();
  expect(first).toMatchObject({ code: status.NOT_FOUND, hadHeaders: false });
  expect(first.errorInfo).toMatchObject({ reason: 'ORDER_NOT_FOUND', domain: 'orders.v1' });
  expect(first.resourceInfo).toMatchObject({ resourceType: 'orders.v1.Order', resourceName: noOrder });
  for (const again of [await cancel(), await cancel(withoutRedis)]) {
    expect(failureOf(again)).toEqual(failureOf(first));
    expect(metadataValue(again, 'idempotency-status')).toBe('replayed');
  }
});

const longReason = 'ü'.repeat(501);

test.each([
  ['an id that is none', 'x', '', ['order_id']],
  ['no id', '', '', ['order_id']],
  ['a reason that is too long', undefined, longReason, ['reason']],
  ['a reason that is far too long', undefined, 'ü'.repeat(50_000), ['reason']],
  ['a reason with a line break', undefined, 'a\nb', ['reason']],
  ['a reason with a NUL', undefined, 'a\0b', ['reason']],
  ['both at once', 'x', `${longReason}\n`, ['order_id', 'reason', 'reason']],
])('P8 a cancel with %s is refused with all that is wrong, and spends no key', async (name, badId, reason, fields) => {
  const { orderId } = await place();
  const key = `invalid-${name.replaceAll(' ', '-')}`;
  const refused = await cancelOrder(service.client, badId ?? orderId, { key, reason });
  expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, hadHeaders: false });
  expect(refused.errorInfo?.reason).toBe('INVALID_REQUEST');
  expect(refused.badRequest?.fieldViolations.map(({ field }) => field)).toEqual(fields);
  expect(await entriesOf(key)).toBe(0);
  expect(await eventsOf(orderId)).toEqual([placed]);
  const right = await cancelOrder(service.client, orderId, { key, reason: 'ü'.repeat(500) });
  expect(cancelledOrder(right).stateReason).toHaveLength(500);
});

test('an id in capitals names the same order', async () => {
  const { orderId } = await place();
  expect(cancelledOrder(await cancelOrder(service.client, orderId.toUpperCase())).orderId).toBe(orderId);
});

test('P9 (K14) one key on CreateOrder and CancelOrder is two records', async () => {
  const order = await place('both', 'both');
  const cancelled = await cancelOrder(service.client, order.orderId, { key: 'both' });
  expect(metadataValue(cancelled, 'idempotency-status')).toBe('executed');
  const rows = await stores.audit.run(`select id from idempotency_keys where key = 'both'`);
  const ids = rows.map(({ id }) => (id instanceof Buffer ? id.toString('hex') : ''));
  expect(ids.sort()).toEqual([recordIdOf('both'), recordIdOf('both', OrderServiceService.cancelOrder.path)].sort());
});

test('P1 (R7) the old create of an order that was cancelled is answered as it was: nothing rises from the dead', async () => {
  const create = () => createOrder(service.client, orderRequest({ customerId: 'risen' }), { key: 'risen' });
  const first = await create();
  const { orderId } = createdOrder(first);
  cancelledOrder(await cancelOrder(service.client, orderId));
  await stores.redisClient.flushall();
  const again = await create();
  expect(again.response).toEqual(first.response);
  expect((await stores.audit.effectsOf('risen')).orders).toBe(1);
  expect(readOrder(await getOrder(service.client, orderId)).state).toBe(5);
});
