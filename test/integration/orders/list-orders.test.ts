import { expect, test } from '@jest/globals';
import type { Order } from '../../../src/generated/orders/v1/order.ts';
import { OrderState } from '../../../src/generated/orders/v1/order.ts';
import type { ListOrdersRequest } from '../../../src/generated/orders/v1/order_service.ts';
import {
  createdOrder,
  createOrder,
  listOrders,
  listRequest,
  orderItem,
  orderRequest,
  readPage,
} from '../../support/order-requests.ts';
import { startTestService } from '../../support/order-service.ts';
import { status } from '../../support/unary-call.ts';
import { useOrderService } from './use-order-service.ts';

const own = useOrderService();

async function place(customerId: string, count: number): Promise<Order[]> {
  const one = async (index: number) => {
    const request = orderRequest({ customerId, items: [orderItem({ quantity: index + 1 }), orderItem()] });
    return createdOrder(await createOrder(own.service.client, request, { key: `${customerId}-${index}` }));
  };
  return Promise.all(Array.from({ length: count }, (_, index) => one(index)));
}

function newestFirst(orders: readonly Order[]): Order[] {
  return [...orders].sort((one, other) => (one.orderId > other.orderId ? -1 : 1));
}

async function list(changes: Partial<ListOrdersRequest>) {
  return readPage(await listOrders(own.service.client, listRequest(changes)));
}

async function* pages(changes: Partial<ListOrdersRequest>) {
  let pageToken = '';
  do {
    const page = await list({ ...changes, pageToken });
    yield page.orders;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

async function allPages(changes: Partial<ListOrdersRequest>): Promise<(readonly Order[])[]> {
  const all: (readonly Order[])[] = [];
  for await (const orders of pages(changes)) all.push(orders);
  return all;
}

test('pages are newest first, whole and without a double', async () => {
  const placed = newestFirst(await place('whole', 25));
  const read = await allPages({ customerId: 'whole', pageSize: 10 });
  expect(read.map(({ length }) => length)).toEqual([10, 10, 5]);
  expect(read.flat()).toEqual(placed);
});

test('a last page that is full leads to no further one', async () => {
  await place('full', 4);
  expect((await allPages({ customerId: 'full', pageSize: 2 })).map(({ length }) => length)).toEqual([2, 2]);
});

test('orders that are placed while pages are read leave no gap and no double behind the first page', async () => {
  const before = newestFirst(await place('busy', 20));
  const seen: Order[] = [];
  let round = 0;
  for await (const page of pages({ customerId: 'busy', pageSize: 3 })) {
    seen.push(...page);
    round += 1;
    await Promise.all(
      [1, 2].map((index) =>
        createOrder(own.service.client, orderRequest({ customerId: 'busy', note: `${round}-${index}` })),
      ),
    );
  }
  expect(seen).toEqual(before);
});

test('only the orders of the customer are told', async () => {
  const [mine] = await Promise.all([place('mine', 2), place('Mine', 2), place('mine2', 2)]);
  expect((await list({ customerId: 'mine' })).orders).toEqual(newestFirst(mine));
  expect(await list({ customerId: 'min' })).toEqual({ orders: [], nextPageToken: '' });
});

test('only the orders in one of the states are told, over all pages', async () => {
  const orders = newestFirst(await place('states', 9));
  const names = ['PENDING', 'CONFIRMED', 'CANCELLED'] as const;
  const nameOf = (index: number) => names[index % 3] ?? 'PENDING';
  for (const [index, { orderId }] of orders.entries()) {
    await own.stores.audit.run('update orders set state = $2 where order_id = $1', [orderId, nameOf(index)]);
  }
  const states = [OrderState.ORDER_STATE_CANCELLED, OrderState.ORDER_STATE_PENDING];
  const read = (await allPages({ customerId: 'states', states, pageSize: 2 })).flat();
  const expected = orders.filter((_, index) => nameOf(index) !== 'CONFIRMED');
  expect(read.map(({ orderId }) => orderId)).toEqual(expected.map(({ orderId }) => orderId));
  expect((await list({ customerId: 'states', states: [OrderState.ORDER_STATE_REJECTED] })).orders).toEqual([]);
});

test.each([
  [0, 20],
  [1, 1],
  [100, 100],
])('a page of size %d has %d orders', async (pageSize, expected) => {
  const { length } = (await list({ customerId: 'sizes' })).orders;
  if (length === 0) await place('sizes', 101);
  const page = await list({ customerId: 'sizes', pageSize });
  expect(page.orders).toHaveLength(expected);
  expect(page.nextPageToken).not.toBe('');
});

test.each([
  ['a page of 101', { pageSize: 101 }, 'page_size'],
  ['no customer', { customerId: '' }, 'customer_id'],
  ['an unspecified state', { states: [OrderState.ORDER_STATE_UNSPECIFIED] }, 'states[0]'],
  ['a state twice', { states: [OrderState.ORDER_STATE_PENDING, OrderState.ORDER_STATE_PENDING] }, 'states'],
  ['a token that is too long', { pageToken: 'A'.repeat(513) }, 'page_token'],
] satisfies [string, Partial<ListOrdersRequest>, string][])('%s is refused', async (_name, changes, field) => {
  const result = await listOrders(own.service.client, listRequest(changes));
  expect(result.code).toBe(status.INVALID_ARGUMENT);
  expect(result.badRequest?.fieldViolations.map((violation) => violation.field)).toEqual([field]);
});

test('a token that was altered in any character, or belongs to another list, is refused; another page size is not', async () => {
  await place('token', 3);
  const { nextPageToken } = await list({ customerId: 'token', pageSize: 1 });
  const characters = [...nextPageToken];
  const altered = characters.map((character, index) => characters.with(index, character === 'A' ? 'B' : 'A').join(''));
  const others: Partial<ListOrdersRequest>[] = [
    ...altered.map((pageToken) => ({ pageToken })),
    { customerId: 'token2' },
    { states: [OrderState.ORDER_STATE_PENDING] },
    { pageToken: nextPageToken.slice(0, -1) },
    { pageToken: `${nextPageToken}=` },
  ];
  for (const changes of others) {
    const result = await listOrders(
      own.service.client,
      listRequest({ customerId: 'token', pageToken: nextPageToken, ...changes }),
    );
    expect({ changes, code: result.code, reason: result.errorInfo?.reason }).toEqual({
      changes,
      code: status.INVALID_ARGUMENT,
      reason: 'INVALID_PAGE_TOKEN',
    });
    expect(result.badRequest?.fieldViolations).toMatchObject([{ field: 'page_token' }]);
  }
  expect((await list({ customerId: 'token', pageToken: nextPageToken, pageSize: 100 })).orders).toHaveLength(2);
});

test('a token is good in every process that stands on the same database', async () => {
  await place('processes', 2);
  const { nextPageToken } = await list({ customerId: 'processes', pageSize: 1 });
  const other = await startTestService(own.stores);
  try {
    const result = await listOrders(other.client, listRequest({ customerId: 'processes', pageToken: nextPageToken }));
    expect(readPage(result).orders).toHaveLength(1);
  } finally {
    await other.stop();
  }
});
