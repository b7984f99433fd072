import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { CreateOrderResponse, OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import {
  answerOf,
  createdOrder,
  createOrder,
  euros,
  getOrder,
  listOrders,
  listRequest,
  orderItem,
  orderRequest,
} from '../../support/order-requests.ts';
import { metadataValue, unaryCall } from '../../support/unary-call.ts';
import { useOrderService } from './use-order-service.ts';

/** What another program makes of the .proto files, without generated code. */
const dynamic = loadDynamicService();
const own = useOrderService();

function loadDynamicService(): ServiceDefinition {
  const folder = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  const definitions = loadSync('orders/v1/order_service.proto', {
    includeDirs: [folder('proto'), folder('node_modules/google-proto-files')],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  const found = definitions['orders.v1.OrderService'];
  if (found === undefined || 'format' in found) throw new Error('the contract has no service orders.v1.OrderService');
  return found;
}

function dynamicMethod(name: string): MethodDefinition<unknown, unknown> {
  const method = dynamic[name];
  if (method === undefined) throw new Error(`the contract has no method ${name}`);
  return method;
}

const note = 'für 👩‍👩‍👧';
const labels = new Map([
  ['b', '2'],
  ['a', '1'],
  ['10', 'ten'],
]);
const generatedRequest = orderRequest({
  note,
  labels,
  items: [orderItem({ unitPrice: euros(999_999_999_999n, 1) }), orderItem({ quantity: 1 })],
});
const dynamicRequest = {
  customer_id: 'customer',
  items: [
    { sku: 'tea', quantity: 2, unit_price: { currency_code: 'EUR', units: '999999999999', nanos: 1 } },
    { sku: 'tea', quantity: 1, unit_price: { currency_code: 'EUR', units: '4', nanos: 500_000_000 } },
  ],
  note,
  labels: { '10': 'ten', a: '1', b: '2' },
};

const decodedOrder = z.looseObject({ order: z.looseObject({ order_id: z.string() }) });

test('the generated and the dynamic client place one order with one derived key, and get the same bytes', async () => {
  const generated = await createOrder(own.service.client, generatedRequest);
  const repeated = await unaryCall(own.service.client, dynamicMethod('CreateOrder'), dynamicRequest);
  expect(metadataValue(generated, 'idempotency-key-source')).toBe('derived');
  expect(metadataValue(repeated, 'idempotency-key')).toBe(metadataValue(generated, 'idempotency-key'));
  expect(metadataValue(repeated, 'idempotency-status')).toBe('replayed');
  expect(answerOf(repeated)).toEqual(answerOf(generated));
});

test('both read the same out of an answer', async () => {
  const bytes = answerOf(await createOrder(own.service.client, generatedRequest));
  const order = createdOrder(await createOrder(own.service.client, generatedRequest));
  const { seconds = 0n, nanos = 0 } = order.createTime ?? {};
  const time = { seconds: String(seconds), nanos };
  expect(dynamicMethod('CreateOrder').responseDeserialize(bytes)).toEqual({
    order: {
      order_id: order.orderId,
      customer_id: 'customer',
      items: dynamicRequest.items,
      total: { currency_code: 'EUR', units: '2000000000002', nanos: 500_000_002 },
      state: 'ORDER_STATE_PENDING',
      note,
      labels: dynamicRequest.labels,
      create_time: time,
      update_time: time,
      sequence: 1,
      state_reason: '',
    },
  });
});

test('what either of them writes, the other one reads and writes alike', async () => {
  const order = createdOrder(await createOrder(own.service.client, generatedRequest));
  // The dynamic one also writes fields that are empty: here none is.
  const full = { order: { ...order, stateReason: 'no longer wanted' } };
  const bytes = Buffer.from(CreateOrderResponse.encode(full).finish());
  const method = dynamicMethod('CreateOrder');
  expect(method.responseSerialize(method.responseDeserialize(bytes))).toEqual(bytes);
  expect(CreateOrderResponse.decode(bytes)).toEqual(full);
  const request = method.requestSerialize(dynamicRequest);
  expect(OrderServiceService.createOrder.requestDeserialize(request)).toEqual(generatedRequest);
});

test('reads give both the same bytes', async () => {
  const { orderId } = createdOrder(await createOrder(own.service.client, generatedRequest));
  const get = await unaryCall(own.service.client, dynamicMethod('GetOrder'), { order_id: orderId });
  expect(answerOf(get)).toEqual(answerOf(await getOrder(own.service.client, orderId)));
  const list = await unaryCall(own.service.client, dynamicMethod('ListOrders'), {
    customer_id: 'customer',
    states: ['ORDER_STATE_PENDING'],
    page_size: 1,
  });
  const generated = await listOrders(own.service.client, listRequest({ states: [1], pageSize: 1 }));
  expect(answerOf(list)).toEqual(answerOf(generated));
});

test('the dynamic client repeats by key, too', async () => {
  const method = dynamicMethod('CreateOrder');
  const first = await unaryCall(own.service.client, method, dynamicRequest, { key: 'dynamic' });
  const second = await createOrder(own.service.client, generatedRequest, { key: 'dynamic' });
  expect(answerOf(second)).toEqual(answerOf(first));
  expect(decodedOrder.parse(method.responseDeserialize(answerOf(first))).order.order_id).toBe(
    createdOrder(second).orderId,
  );
});
