import { expect, test } from '@jest/globals';
import { OrderState } from '../../../src/generated/orders/v1/order.ts';
import {
  createdOrder,
  createOrder,
  euros,
  getOrder,
  orderItem,
  orderRequest,
  readOrder,
} from '../../support/order-requests.ts';
import { status } from '../../support/unary-call.ts';
import { useOrderService } from './use-order-service.ts';

const own = useOrderService();

const largestPrice = 999_999_999_999_999n;

const requests = [
  ['plain', orderRequest()],
  ['with a note in many scripts', orderRequest({ note: 'Grüße 👩‍👩‍👧 שלום\u2028\r\n\t' })],
  ['with a note of a thousand emoji', orderRequest({ note: '😀'.repeat(1_000) })],
  [
    'with labels whose keys mean something to JavaScript',
    orderRequest({
      labels: new Map([
        ['__proto__', 'p'],
        ['constructor', 'c'],
        ['toString', ''],
        ['10', 'ten'],
        ['9', 'nine'],
        ['-', '"\\'],
        ['b', '😀'],
      ]),
    }),
  ],
  [
    'with the largest price',
    orderRequest({ items: [orderItem({ quantity: 1, unitPrice: euros(largestPrice, 999_999_999) })] }),
  ],
  ['with free items', orderRequest({ items: [orderItem({ unitPrice: euros(0n) })] })],
  ['with two equal items', orderRequest({ items: [orderItem(), orderItem()] })],
  [
    'with a hundred items in their order',
    orderRequest({
      items: Array.from({ length: 100 }, (_, index) => orderItem({ sku: `sku-${99 - index}`, quantity: index + 1 })),
    }),
  ],
  [
    'in a currency without cents',
    orderRequest({ items: [orderItem({ unitPrice: { currencyCode: 'JPY', units: 7n, nanos: 1 } })] }),
  ],
] as const;

test.each(requests)('an order %s is read as it was placed', async (_name, request) => {
  const order = createdOrder(await createOrder(own.service.client, request, { key: crypto.randomUUID() }));
  const { customerId, items, note, labels } = request;
  expect(order).toMatchObject({ customerId, items, note, state: OrderState.ORDER_STATE_PENDING });
  expect(new Map([...order.labels].sort())).toEqual(new Map([...labels].sort()));
  expect(readOrder(await getOrder(own.service.client, order.orderId))).toEqual(order);
  expect([...order.labels.keys()]).toEqual([
    ...readOrder(await getOrder(own.service.client, order.orderId)).labels.keys(),
  ]);
});

test('the total is exact to the nano', async () => {
  const items = [
    orderItem({ quantity: 3, unitPrice: euros(0n, 333_333_333) }),
    orderItem({ quantity: 1_000_000, unitPrice: euros(900_000_000n, 1) }),
    orderItem({ quantity: 1, unitPrice: euros(0n, 1) }),
  ];
  const order = createdOrder(await createOrder(own.service.client, orderRequest({ items })));
  expect(order.total).toEqual(euros(900_000_000_000_001n, 1_000_000));
  expect(readOrder(await getOrder(own.service.client, order.orderId)).total).toEqual(order.total);
});

test('create_time is the time in the id, to the millisecond, and update_time is the same at first', async () => {
  const order = createdOrder(await createOrder(own.service.client, orderRequest({ note: 'time' })));
  const ms = Number.parseInt(order.orderId.replaceAll('-', '').slice(0, 12), 16);
  const time = { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
  expect(order).toMatchObject({ createTime: time, updateTime: time });
  expect(Math.abs(Date.now() - ms)).toBeLessThan(60_000);
  const rows = await own.stores.audit.run('select created_at, updated_at from orders where order_id = $1', [
    order.orderId,
  ]);
  expect(rows).toEqual([{ created_at: new Date(ms), updated_at: new Date(ms) }]);
});

test('an order is found by its id in capital letters', async () => {
  const { orderId } = createdOrder(await createOrder(own.service.client, orderRequest({ note: 'capitals' })));
  expect(readOrder(await getOrder(own.service.client, orderId.toUpperCase())).orderId).toBe(orderId);
});

test('an order that is not there is NOT_FOUND, with what was asked for', async () => {
  const orderId = '0190f5c2-1c3d-7a4b-8c9d-0123456789ab';
  const result = await getOrder(own.service.client, orderId);
  expect(result.code).toBe(status.NOT_FOUND);
  expect(result.errorInfo).toMatchObject({ domain: 'orders.v1', reason: 'ORDER_NOT_FOUND' });
  expect(result.errorInfo?.metadata.get('orderId')).toBe(orderId);
  expect(result.resourceInfo).toMatchObject({ resourceType: 'orders.v1.Order', resourceName: orderId });
});

test.each(['', 'order', '0190f5c21c3d7a4b8c9d0123456789ab'])('the id "%s" is refused', async (orderId) => {
  const result = await getOrder(own.service.client, orderId);
  expect(result.code).toBe(status.INVALID_ARGUMENT);
  expect(result.badRequest?.fieldViolations).toMatchObject([
    { field: 'order_id', description: 'It must be a UUID of 36 characters.' },
  ]);
});

test.each(['PENDING', 'PROCESSING', 'CONFIRMED', 'REJECTED', 'CANCELLED'] as const)(
  'the state %s is told',
  async (state) => {
    const { orderId } = createdOrder(await createOrder(own.service.client, orderRequest({ note: state })));
    await own.stores.audit.run('update orders set state = $2 where order_id = $1', [orderId, state]);
    const order = readOrder(await getOrder(own.service.client, orderId));
    expect(order.state).toBe(OrderState[`ORDER_STATE_${state}`]);
  },
);
