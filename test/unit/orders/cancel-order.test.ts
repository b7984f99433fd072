import { expect, test } from '@jest/globals';
import { cancelOrder } from '../../../src/orders/cancel-order.ts';
import { sampleOrder } from '../fulfilment/sample-order.ts';

const time = new Date('2026-02-03T04:05:06.789Z');

test.each([
  ['PENDING', 1],
  ['PROCESSING', 2],
] as const)('an order that is %s can be cancelled, with a reason or without', (state, sequence) => {
  const order = sampleOrder({ state, sequence });
  const cancelled = { ...order, state: 'CANCELLED', sequence: sequence + 1, updateTime: time };
  expect(cancelOrder(order, 'too dear', time)).toEqual({ ...cancelled, stateReason: 'too dear' });
  expect(cancelOrder(order, '', time)).toEqual({ ...cancelled, stateReason: '' });
});

test.each(['CONFIRMED', 'REJECTED', 'CANCELLED'] as const)(
  'an order that is %s cannot: the error says which, and why',
  (state) => {
    const order = sampleOrder({ state, sequence: 3 });
    const { orderId } = order;
    expect(() => cancelOrder(order, '', time)).toThrow(
      expect.objectContaining({
        name: 'OrderError',
        reason: 'ORDER_NOT_CANCELLABLE',
        message: `The order ${orderId} is ${state} and can no longer be cancelled.`,
        facts: { orderId, state },
      }),
    );
  },
);
