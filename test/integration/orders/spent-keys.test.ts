import { Metadata } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { createdOrder, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { metadataValue, status, unaryCall } from '../../support/unary-call.ts';
import { noEffect, oneEffect } from './audit.ts';
import { namesOf, recordIdOf } from './record-names.ts';
import { useOrderService } from './use-order-service.ts';

const own = useOrderService();

function place(name: string, changes: Parameters<typeof orderRequest>[0] = {}) {
  return createOrder(own.service.client, orderRequest({ customerId: name, ...changes }), { key: name });
}

test.each([
  ['is invalid', 'invalid', () => place('invalid', { items: [] })],
  [
    'is no message',
    'malformed',
    () => unaryCall(own.service.client, OrderServiceService.createOrder, rawRequest('0a 05 61'), { key: 'malformed' }),
  ],
])('P8 a request that %s spends no key: a right one may follow with the same key', async (_name, key, send) => {
  const refused = await send();
  expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT, response: undefined });
  expect(await own.stores.audit.effectsOf(key)).toEqual(noEffect);
  expect(metadataValue(await place(key), 'idempotency-status')).toBe('executed');
  expect(await own.stores.audit.effectsOf(key)).toEqual(oneEffect);
});

test('P8 an invalid request with the key of a placed order is refused as another request, and changes nothing', async () => {
  const first = await place('spent');
  const refused = await place('spent', { items: [] });
  expect(refused.errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await place('spent')).response).toEqual(first.response);
});

test.each([
  ['two keys', ['a', 'b']],
  ['a comma', ['a,b']],
  ['a blank inside', ['a b']],
  ['nothing but quotes', ['""']],
  ['256 characters', ['k'.repeat(256)]],
])('P8 P10 a key that is none is refused and nothing is placed: %s', async (_name, keys) => {
  const before = await own.stores.audit.totals();
  const metadata = new Metadata();
  for (const key of keys) metadata.add('idempotency-key', key);
  const result = await createOrder(own.service.client, orderRequest({ customerId: 'no-key' }), { metadata });
  expect(result.code).toBe(status.INVALID_ARGUMENT);
  expect(result.errorInfo).toMatchObject({ domain: 'idempotency.v1', reason: 'IDEMPOTENCY_KEY_INVALID' });
  expect(await own.stores.audit.totals()).toEqual(before);
});

test('P10 a key may have 255 characters', async () => {
  const key = 'k'.repeat(255);
  const result = await createOrder(own.service.client, orderRequest({ customerId: 'long-key' }), { key });
  expect(metadataValue(result, 'idempotency-key')).toBe(key);
  expect(await own.stores.audit.effectsOf(key)).toMatchObject({ entries: 1 });
});

test('P9 a key belongs to the method that it was sent to: the record of another method blocks nothing and is not shown', async () => {
  await place('template');
  const id = Buffer.from(recordIdOf('shared', '/orders.v1.OrderService/CancelOrder'), 'hex');
  const copied = `select $1, principal, '/orders.v1.OrderService/CancelOrder', 'shared', fingerprint, fingerprint_version,
    state, stored_form, '\\x0a00', status_code, status_message, status_details, created_at, expires_at`;
  await own.stores.audit.run(`insert into idempotency_keys ${copied} from idempotency_keys where key = 'template'`, [
    id,
  ]);
  const order = createdOrder(await place('shared'));
  expect(order.customerId).toBe('shared');
  expect(await own.stores.audit.effectsOf('shared')).toEqual({ ...oneEffect, entries: 2 });
});

test('P9 a read with the key of an order is a read: it gets no stored answer and spends nothing', async () => {
  const { orderId } = createdOrder(await place('read'));
  const result = await getOrder(own.service.client, orderId, { key: 'another' });
  expect(result.code).toBe(status.OK);
  expect(metadataValue(result, 'idempotency-status')).toBeUndefined();
  expect(await namesOf(own.stores.redisClient, 'another')).toEqual([]);
});

// Without authentication all callers are one principal: that principals are strangers is tested at the library, with an
// echo service that tells them apart. Here it is only seen that the one there is stands in the ledger.
test('P9 the ledger says whose record it is', async () => {
  await place('whose');
  const rows = await own.stores.audit.run(`select principal, method, id from idempotency_keys where key = 'whose'`);
  const id = Buffer.from(recordIdOf('whose'), 'hex');
  expect(rows).toEqual([{ principal: 'anonymous', method: '/orders.v1.OrderService/CreateOrder', id }]);
});
