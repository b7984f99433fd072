import { expect, test } from '@jest/globals';
import { placeOrder } from '../../../src/orders/place-order.ts';
import { checkRequest } from '../../../src/orders/validation/check-request.ts';
import { draftRule } from '../../../src/orders/validation/draft-rule.ts';
import { orderRequest } from '../../support/order-requests.ts';

const draft = checkRequest(draftRule, orderRequest());

test('an order is placed as PENDING at the time that its id names', () => {
  // RFC 9562, appendix A.6: the example of version 7, made on 22 February 2022 at 19:22:22.000 UTC.
  const order = placeOrder(draft, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  const time = new Date('2022-02-22T19:22:22.000Z');
  expect(order).toMatchObject({ ...draft, state: 'PENDING', createTime: time, updateTime: time });
});

test('ids are different UUIDs of version 7 in lower case, of now', () => {
  const beforeMs = Date.now();
  const orders = Array.from({ length: 1_000 }, () => placeOrder(draft));
  const afterMs = Date.now();
  const ids = orders.map(({ orderId }) => orderId);
  expect(ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toEqual(
    [],
  );
  expect(new Set(ids).size).toBe(1_000);
  for (const { createTime } of orders) {
    expect(createTime.getTime()).toBeGreaterThanOrEqual(beforeMs);
    expect(createTime.getTime()).toBeLessThanOrEqual(afterMs);
  }
});

test('an order is of now also where the clock was ahead before', () => {
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
  placeOrder(draft);
  Date.now = now;
  const orders = Array.from({ length: 100 }, () => placeOrder(draft));
  for (const { createTime } of orders) expect(Math.abs(createTime.getTime() - now())).toBeLessThan(1_000);
  expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(100);
});

test('a later order has a greater id, also within a millisecond', () => {
  const ids = Array.from({ length: 1_000 }, () => placeOrder(draft).orderId);
  const outOfOrder = ids.filter((id, index) => id < (ids[index - 1] ?? ''));
  expect(outOfOrder).toHaveLength(0);
});
