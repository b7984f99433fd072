import { expect, test } from '@jest/globals';
import { inWords } from '../../integration/faults/named-orders.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import type { CallResult } from '../../support/unary-call.ts';

// R7: https://aws.amazon.com/builders-library/making-retries-safe-with-idempotent-APIs/. A late repeat of a creation raised what had been
// deleted meanwhile.

const own = useOrderService();
const HOURS_OF_MEMORY = 24 + 7 * 24;

/** Lets hours go by for all keys, as far as the stores can tell. */
async function letTimePass(hours: number): Promise<void> {
  await own.stores.audit.run(
    `update idempotency_keys set created_at = created_at - $1 * interval '1 hour', expires_at = expires_at - $1 * interval '1 hour'`,
    [hours],
  );
  await own.stores.redisClient.flushall();
}

async function placedAndCancelled(customerId: string, key?: string) {
  const place = () => createOrder(own.service.client, orderRequest({ customerId }), { key });
  const created = await place();
  const { orderId } = createdOrder(created);
  const cancel = () => cancelOrder(own.service.client, orderId, { key: `cancel-${customerId}` });
  const cancelled = await cancel();
  expect(inWords(cancelled)).toBe('OK executed');
  const stateNow = async () => readOrder(await getOrder(own.service.client, orderId)).sequence;
  return { place, cancel, created, cancelled, stateNow };
}

async function ordersOf(customerId: string): Promise<number> {
  return (await own.stores.audit.effectsOf(customerId)).orders;
}

const told = ({ response, ...result }: CallResult) => ({ words: inWords({ response, ...result }), response });

test('R7 a late repeat raises nothing: an hour after the cancellation the creation has its old answer, and the order stays cancelled', async () => {
  const { place, cancel, created, cancelled, stateNow } = await placedAndCancelled('hour', 'hour');
  await letTimePass(1);
  for (const _source of ['ledger', 'Redis']) {
    expect(told(await place())).toEqual({ words: 'OK replayed', response: created.response });
    expect(told(await cancel())).toEqual({ words: 'OK replayed', response: cancelled.response });
  }
  expect([await ordersOf('hour'), await stateNow()]).toEqual([1, 2]);
});

test.each([25, HOURS_OF_MEMORY - 1])(
  'R7 a late repeat raises nothing: %d hours later it is refused as expired, and the order stays cancelled',
  async (hours) => {
    const customer = `expired-${hours}`;
    const { place, cancel, stateNow } = await placedAndCancelled(customer, customer);
    await letTimePass(hours);
    expect(inWords(await place())).toBe('FAILED_PRECONDITION IDEMPOTENCY_KEY_EXPIRED');
    expect(inWords(await cancel())).toBe('FAILED_PRECONDITION IDEMPOTENCY_KEY_EXPIRED');
    expect([await ordersOf(customer), await stateNow()]).toEqual([1, 2]);
  },
);

test('R7 a late repeat raises nothing: when a key is remembered no longer it places a new order, and the old one stays cancelled', async () => {
  const { place, cancel, created, stateNow } = await placedAndCancelled('forgotten', 'forgotten');
  await letTimePass(HOURS_OF_MEMORY + 1);
  const again = await place();
  expect(inWords(again)).toBe('OK executed');
  expect(createdOrder(again).orderId).not.toBe(createdOrder(created).orderId);
  expect(inWords(await cancel())).toBe('FAILED_PRECONDITION ORDER_NOT_CANCELLABLE');
  expect([await ordersOf('forgotten'), await stateNow()]).toEqual([2, 2]);
});

test('R7 a late repeat raises nothing: without a key the same basket is the old order for a day, and a new one on the next', async () => {
  const { place, created, stateNow } = await placedAndCancelled('basket');
  await letTimePass(1);
  expect(told(await place())).toEqual({ words: 'OK replayed', response: created.response });
  await letTimePass(24);
  expect(inWords(await place())).toBe('OK executed');
  expect([await ordersOf('basket'), await stateNow()]).toEqual([2, 2]);
});
