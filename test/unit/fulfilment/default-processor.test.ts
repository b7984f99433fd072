import { expect, test } from '@jest/globals';
import { defaultProcessor } from '../../../src/fulfilment/default-processor.ts';
import type { StepResult } from '../../../src/fulfilment/processor.ts';
import type { Order } from '../../../src/orders/order.ts';
import { sampleOrder } from './sample-order.ts';

const [item] = sampleOrder().items;

function orderOf(...skus: readonly string[]): Order {
  if (item === undefined) throw new Error('the sample has no item');
  return sampleOrder({ items: skus.map((sku) => ({ ...item, sku })) });
}

async function run(name: string, order: Order): Promise<StepResult | undefined> {
  const step = defaultProcessor.steps.find((known) => known.name === name);
  return await step?.run({ order, idempotencyKey: 'key', signal: new AbortController().signal });
}

function aged(order: Order, ageMs: number): Order {
  return { ...order, createTime: new Date(Date.now() - ageMs) };
}

function totalling(units: bigint, currency = 'EUR', nanos = 0): Order {
  return sampleOrder({ total: { currency, units, nanos } });
}

const done = { kind: 'done' };

test('it reserves, then charges, and has nothing to undo', () => {
  expect(defaultProcessor.steps.map(({ name, undo }) => [name, undo])).toEqual([
    ['reserve-stock', undefined],
    ['charge', undefined],
  ]);
});

test.each([['sold-out'], ['sold-out-mug']])('%s cannot be reserved, wherever it stands', async (sku) => {
  const refused = { kind: 'refused', reason: `${sku} is sold out` };
  expect(await run('reserve-stock', orderOf(sku))).toEqual(refused);
  expect(await run('reserve-stock', orderOf('tea', 'made-to-order', sku))).toEqual(refused);
});

test.each([['tea'], ['not-sold-out'], ['SOLD-OUT'], ['not-made-to-order']])('%s is reserved at once', async (sku) => {
  expect(await run('reserve-stock', aged(orderOf(sku), 0))).toEqual(done);
});

test('what is made to order can be reserved when the order is 30 seconds old', async () => {
  const order = orderOf('tea', 'made-to-order-desk');
  const later = await run('reserve-stock', aged(order, 10_000));
  expect(later?.kind).toBe('later');
  const afterMs = later?.kind === 'later' ? later.afterMs : Number.NaN;
  expect(afterMs).toBeGreaterThan(15_000);
  expect(afterMs).toBeLessThanOrEqual(20_000);
  expect(await run('reserve-stock', aged(order, 30_000))).toEqual(done);
});

test.each([
  ['999,999.999999999', totalling(999_999n, 'EUR', 999_999_999), done],
  ['1,000,000', totalling(1_000_000n), { kind: 'refused', reason: '1000000 EUR is above the limit of 1000000' }],
  [
    '2,000,000 yen',
    totalling(2_000_000n, 'JPY'),
    { kind: 'refused', reason: '2000000 JPY is above the limit of 1000000' },
  ],
  ['nothing', totalling(0n), done],
])('a total of %s: charge gives what the rule says', async (_total, order, result) => {
  expect(await run('charge', order)).toEqual(result);
});
