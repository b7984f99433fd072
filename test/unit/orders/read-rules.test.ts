import { expect, test } from '@jest/globals';
import { OrderState } from '../../../src/generated/orders/v1/order.ts';
import { checkRequest } from '../../../src/orders/validation/check-request.ts';
import { getOrderRule, listOrdersRule } from '../../../src/orders/validation/read-rules.ts';
import { fromStateMessage } from '../../../src/transport/order-messages.ts';
import { violationsBy } from './violations.ts';

const query = { customerId: 'customer', states: [], pageSize: 0, pageToken: '' };

function list(changes: Readonly<Record<string, unknown>>) {
  return checkRequest(listOrdersRule, { ...query, ...changes });
}

test.each([
  ['0190f5c2-1c3d-7a4b-8c9d-0123456789ab', '0190f5c2-1c3d-7a4b-8c9d-0123456789ab'],
  ['0190F5C2-1C3D-7A4B-8C9D-0123456789AB', '0190f5c2-1c3d-7a4b-8c9d-0123456789ab'],
  ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
])('the id %s is an id', (orderId, expected) => {
  expect(checkRequest(getOrderRule, { orderId })).toEqual({ orderId: expected });
});

test.each([
  '',
  'x',
  '0190f5c2-1c3d-7a4b-8c9d-0123456789a',
  '0190f5c2-1c3d-7a4b-8c9d-0123456789ab0',
  '0190f5c21c3d7a4b8c9d0123456789ab',
  '{0190f5c2-1c3d-7a4b-8c9d-0123456789ab}',
  '0190f5c2-1c3d-7a4b-8c9d-0123456789ag',
  '0190f5c2-1c3d-7a4b-8c9d-0123456789ab\n',
])('the id "%s" is no id', (orderId) => {
  expect(violationsBy(() => checkRequest(getOrderRule, { orderId }))).toEqual([
    { field: 'order_id', description: 'It must be a UUID of 36 characters.' },
  ]);
});

test.each([
  [0, 20],
  [1, 1],
  [100, 100],
])('the page size %d means %d', (pageSize, expected) => {
  expect(list({ pageSize }).pageSize).toBe(expected);
});

test.each([101, 4_294_967_295])('the page size %d is refused', (pageSize) => {
  expect(violationsBy(() => list({ pageSize }))).toEqual([
    { field: 'page_size', description: 'It must be at most 100; 0 means 20.' },
  ]);
});

test('every state of the contract has its word, and the words are different', () => {
  const known = Object.values(OrderState).filter((state) => state > 0);
  const words = known.map(fromStateMessage);
  expect(list({ states: words }).states).toEqual(words);
  expect(new Set(words).size).toBe(5);
});

test.each([
  ['unspecified', OrderState.ORDER_STATE_UNSPECIFIED],
  ['unknown to this version', OrderState.UNRECOGNIZED],
])('a state that is %s is refused', (_name, state) => {
  const states = [fromStateMessage(OrderState.ORDER_STATE_PENDING), fromStateMessage(state)];
  expect(violationsBy(() => list({ states }))).toEqual([
    { field: 'states[1]', description: 'It must be one of the states of an order.' },
  ]);
});

test('a state may not be given twice', () => {
  expect(violationsBy(() => list({ states: ['PENDING', 'PENDING'] }))).toEqual([
    { field: 'states', description: 'No state may be given twice.' },
  ]);
});

test('a page token of more than 512 characters is refused before it is read', () => {
  expect(list({ pageToken: 'A'.repeat(512) }).pageToken).toHaveLength(512);
  expect(violationsBy(() => list({ pageToken: 'A'.repeat(513) }))).toEqual([
    { field: 'page_token', description: 'It has more than 512 characters.' },
  ]);
});

test('all faults of a query are told at once', () => {
  const violations = violationsBy(() =>
    list({ customerId: '', states: [0], pageSize: 101, pageToken: 'A'.repeat(513) }),
  );
  expect(violations.map(({ field }) => field).sort()).toEqual(['customer_id', 'page_size', 'page_token', 'states[0]']);
});
