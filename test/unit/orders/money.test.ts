import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TOTAL_UNITS_LIMIT, totalOf } from '../../../src/orders/money.ts';
import { checkRequest } from '../../../src/orders/validation/check-request.ts';
import { draftRule } from '../../../src/orders/validation/draft-rule.ts';
import { euros, orderItem, orderRequest } from '../../support/order-requests.ts';
import { violationsOf } from './violations.ts';

const int64Max = 2n ** 63n - 1n;
const sign = 'It must have the same sign as units.';
const negative = 'A price must not be negative.';
const bounds = 'It must be between -999,999,999 and 999,999,999.';
const total = 'Their total must stay below 10^15 units.';

describe('a price', () => {
  test.each([
    [0n, 0],
    [0n, 1],
    [0n, 999_999_999],
    [1n, 999_999_999],
    [TOTAL_UNITS_LIMIT - 1n, 999_999_999],
  ])('may have %d units and %d nanos', (units, nanos) => {
    expect(violationsOf(orderRequest({ items: [orderItem({ quantity: 1, unitPrice: euros(units, nanos) })] }))).toEqual(
      [],
    );
  });

  test.each([
    [-1n, 0, 'units', negative],
    [0n, -1, 'units', negative],
    [-1n, -999_999_999, 'units', negative],
    [-int64Max - 1n, 0, 'units', negative],
    [1n, -1, 'nanos', sign],
    [-1n, 1, 'nanos', sign],
    [0n, 1_000_000_000, 'nanos', bounds],
    [0n, 2_147_483_647, 'nanos', bounds],
  ])('may not have %d units and %d nanos', (units, nanos, field, description) => {
    expect(violationsOf(orderRequest({ items: [orderItem({ unitPrice: euros(units, nanos) })] }))).toEqual([
      { field: `items[0].unit_price.${field}`, description },
    ]);
  });

  test.each([-1_000_000_000, -2_147_483_648])('of %d nanos is out of bounds, and negative', (nanos) => {
    expect(violationsOf(orderRequest({ items: [orderItem({ unitPrice: euros(0n, nanos) })] }))).toEqual([
      { field: 'items[0].unit_price.nanos', description: bounds },
      { field: 'items[0].unit_price.units', description: negative },
    ]);
  });

  test.each(['', 'eur', 'EURO', 'EU', 'ZZZ', 'E€R', 'EUR '])('may not have the currency "%s"', (currencyCode) => {
    const items = [orderItem({ unitPrice: { ...euros(1n), currencyCode } })];
    expect(violationsOf(orderRequest({ items }))).toEqual([
      {
        field: 'items[0].unit_price.currency_code',
        description: 'It must be an ISO 4217 code in capital letters, such as EUR.',
      },
    ]);
  });

  test('may not be missing', () => {
    expect(violationsOf(orderRequest({ items: [orderItem({ unitPrice: undefined })] }))).toEqual([
      { field: 'items[0].unit_price', description: 'It is missing.' },
    ]);
  });

  test('may not differ in currency from the first one', () => {
    const items = ['USD', 'EUR', 'USD'].map((currencyCode) => orderItem({ unitPrice: { ...euros(1n), currencyCode } }));
    expect(violationsOf(orderRequest({ items }))).toEqual([
      {
        field: 'items[1].unit_price.currency_code',
        description: 'All items of an order have one currency; the first item has another.',
      },
    ]);
  });
});

describe('the total', () => {
  test.each([
    ['one nano below the limit', [orderItem({ quantity: 1, unitPrice: euros(TOTAL_UNITS_LIMIT - 1n, 999_999_999) })]],
    ['a million pieces just below the limit', [orderItem({ quantity: 1_000_000, unitPrice: euros(999_999_999n) })]],
  ])('may be %s', (_name, items) => {
    expect(violationsOf(orderRequest({ items }))).toEqual([]);
  });

  test.each([
    ['at the limit', [orderItem({ quantity: 1, unitPrice: euros(TOTAL_UNITS_LIMIT) })]],
    [
      'at the limit by a carry of nanos',
      [1, 2]
        .map(() => orderItem({ quantity: 1, unitPrice: euros(499_999_999_999_999n, 999_999_999) }))
        .concat(orderItem({ quantity: 1, unitPrice: euros(1n, 2) })),
    ],
    [
      'beyond 64 bits',
      Array.from({ length: 100 }, () => orderItem({ quantity: 1_000_000, unitPrice: euros(int64Max, 999_999_999) })),
    ],
  ])('may not be %s', (_name, items) => {
    expect(violationsOf(orderRequest({ items }))).toEqual([{ field: 'items', description: total }]);
  });

  test('is exact to the nano, whatever the items are', () => {
    const price = fc.record({
      quantity: fc.integer({ min: 1, max: 1_000_000 }),
      units: fc.bigInt({ min: 0n, max: 1_000_000n }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    });
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 100 }), (prices) => {
        const items = prices.map(({ quantity, units, nanos }) =>
          orderItem({ quantity, unitPrice: euros(units, nanos) }),
        );
        const draft = checkRequest(draftRule, orderRequest({ items }));
        // By a way of its own: one piece after the other in decimal columns.
        const nanos = prices.reduce((sum, line) => sum + BigInt(line.nanos) * BigInt(line.quantity), 0n);
        const units = prices.reduce((sum, line) => sum + line.units * BigInt(line.quantity), nanos / 1_000_000_000n);
        expect(draft.total).toEqual({ currency: 'EUR', units, nanos: Number(nanos % 1_000_000_000n) });
      }),
    );
  });

  test('adds a billion times one nano up to one unit', () => {
    const nano = { quantity: 1_000_000, unitPrice: { currency: 'EUR', units: 0n, nanos: 1 } };
    expect(
      totalOf(
        'EUR',
        Array.from({ length: 1_000 }, () => nano),
      ),
    ).toEqual({ currency: 'EUR', units: 1n, nanos: 0 });
  });
});
