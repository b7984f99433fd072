import { expect, test } from '@jest/globals';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { useOrderService } from './use-order-service.ts';

const own = useOrderService();

function place(customerId: string, key?: string, note = ''): Promise<CallResult> {
  return createOrder(own.service.client, orderRequest({ customerId, note }), { key });
}

/** Lets a day and more go by for a key, as far as the stores can tell. */
async function letTimePass(key: string, hours: number) {
  const shift = `created_at = created_at - $2 * interval '1 hour', expires_at = expires_at - $2 * interval '1 hour'`;
  await own.stores.audit.run(`update idempotency_keys set ${shift} where key = $1`, [key, hours]);
  // What Redis has goes away by itself at the end of its time to live.
  await own.stores.redisClient.flushall();
}

test('P11 an hour before its end the answer is still there', async () => {
  const first = await place('fresh', 'fresh');
  await letTimePass('fresh', 23);
  expect(answerOf(await place('fresh', 'fresh'))).toEqual(answerOf(first));
});

test('P11 the answer in Redis lives no longer than the one in the ledger', async () => {
  await place('aging', 'aging');
  await letTimePass('aging', 23);
  await place('aging', 'aging');
  const [name = ''] = await own.stores.redisClient.keys('orders:*:{[0-9a-f]*}');
  const leftMs = await own.stores.redisClient.pttl(name);
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(3_600_000);
});

test.each([25, 24 + 7 * 24 - 1])(
  'P11 a late retry with the same key of the caller, %d hours later, is refused',
  async (hours) => {
    const key = `late-${hours}`;
    await place(key, key);
    await letTimePass(key, hours);
    for (const _ of ['first', 'second']) {
      const result = await place(key, key);
      expect(result.code).toBe(status.FAILED_PRECONDITION);
      expect(result.errorInfo).toMatchObject({ reason: 'IDEMPOTENCY_KEY_EXPIRED', domain: 'idempotency.v1' });
      expect(result.errorInfo?.metadata.get('key')).toBe(key);
      expect(result.retryInfo).toBeUndefined();
    }
    expect(await own.stores.audit.effectsOf(key)).toEqual(oneEffect);
  },
);

test('P11 also an expired key is refused to another order as the key of the first one', async () => {
  await place('other', 'other');
  await letTimePass('other', 25);
  expect((await place('other', 'other', 'another order')).errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await own.stores.audit.effectsOf('other')).toEqual(oneEffect);
});

test('P11 a derived key that has expired is new: the same basket may be bought again the next day', async () => {
  const first = await place('basket');
  const key = metadataValue(first, 'idempotency-key') ?? '';
  expect(metadataValue(first, 'idempotency-key-source')).toBe('derived');
  expect(answerOf(await place('basket'))).toEqual(answerOf(first));
  await letTimePass(key, 25);
  const second = await place('basket');
  expect(metadataValue(second, 'idempotency-status')).toBe('executed');
  expect(answerOf(second)).not.toEqual(answerOf(first));
  expect(answerOf(await place('basket'))).toEqual(answerOf(second));
  expect(await own.stores.audit.effectsOf('basket')).toMatchObject({ orders: 2 });
  expect(await own.stores.audit.effectsOf(key)).toMatchObject({ entries: 1 });
});

test('P11 50 late duplicates of a basket at once buy it once more', async () => {
  const key = metadataValue(await place('rush'), 'idempotency-key') ?? '';
  await letTimePass(key, 25);
  const results = await Promise.all(Array.from({ length: 50 }, () => place('rush')));
  expect(new Set(results.map((result) => answerOf(result).toString('hex'))).size).toBe(1);
  expect(await own.stores.audit.effectsOf('rush')).toMatchObject({ orders: 2 });
});

test('P11 a key of the caller is new when it is no longer remembered', async () => {
  const first = await place('forgotten', 'forgotten');
  await letTimePass('forgotten', 24 + 7 * 24 + 1);
  const second = await place('forgotten', 'forgotten');
  expect(metadataValue(second, 'idempotency-status')).toBe('executed');
  expect(answerOf(second)).not.toEqual(answerOf(first));
  expect(await own.stores.audit.effectsOf('forgotten')).toMatchObject({ orders: 2, entries: 1 });
});
