import { describe, expect, test } from '@jest/globals';
import { euros, orderItem, orderRequest } from '../../support/order-requests.ts';
import { fieldsOf, violationsOf } from './violations.ts';

const emoji = '😀';

describe.each([
  { field: 'customer_id', max: 64, request: (customerId: string) => orderRequest({ customerId }) },
  { field: 'items[0].sku', max: 64, request: (sku: string) => orderRequest({ items: [orderItem({ sku })] }) },
])('the identifier $field', ({ field, max, request }) => {
  test.each([
    ['one character', 'a'],
    ['its most characters', 'a'.repeat(max)],
    ['its most characters, each of two UTF-16 units', emoji.repeat(max)],
    ['a blank inside', 'a b'],
  ])('may have %s', (_name, text) => {
    expect(violationsOf(request(text))).toEqual([]);
  });

  test.each([
    ['no character', '', 'It has 0 characters; 1 to 64 are allowed.'],
    ['one character too many', 'a'.repeat(max + 1), 'It has 65 characters; 1 to 64 are allowed.'],
    ['one emoji too many', emoji.repeat(max + 1), 'It has 65 characters; 1 to 64 are allowed.'],
    ['a line break', 'a\nb', 'It has a control or format character; none are allowed.'],
    ['a NUL', 'a\0b', 'It has a control or format character; none are allowed.'],
    ['a character of C1', 'a\u0085b', 'It has a control or format character; none are allowed.'],
    ['a delete character', 'a\u007fb', 'It has a control or format character; none are allowed.'],
    ['a zero-width joiner', 'a\u200db', 'It has a control or format character; none are allowed.'],
    ['a right-to-left override', 'a\u202eb', 'It has a control or format character; none are allowed.'],
    ['a line separator', 'a\u2028b', 'It has a control or format character; none are allowed.'],
    ['a blank in front', ' a', 'It has a blank at its edge; none are allowed there.'],
    ['a blank behind', 'a ', 'It has a blank at its edge; none are allowed there.'],
    ['a no-break space behind', 'a\u00a0', 'It has a blank at its edge; none are allowed there.'],
  ])('may not have %s', (_name, text, description) => {
    expect(violationsOf(request(text))).toEqual([{ field, description }]);
  });
});

describe('the note', () => {
  test.each([
    ['nothing', ''],
    ['1,000 characters', 'a'.repeat(1_000)],
    ['1,000 emoji', emoji.repeat(1_000)],
    ['tabs and line breaks', 'a\tb\r\nc\n'],
    ['a family of joined emoji', '👩‍👩‍👧'],
  ])('may have %s', (_name, note) => {
    expect(violationsOf(orderRequest({ note }))).toEqual([]);
  });

  test.each([
    ['1,001 characters', 'a'.repeat(1_001), 'It has 1001 characters; at most 1000 are allowed.'],
    ['1,001 emoji', emoji.repeat(1_001), 'It has 1001 characters; at most 1000 are allowed.'],
    ['a NUL', 'a\0', 'It has a control character other than tab and line break.'],
    ['an escape', '\u001b[31m', 'It has a control character other than tab and line break.'],
    ['a vertical tab', '\u000b', 'It has a control character other than tab and line break.'],
    ['a delete character', '\u007f', 'It has a control character other than tab and line break.'],
    ['a character of C1', '\u009f', 'It has a control character other than tab and line break.'],
  ])('may not have %s', (_name, note, description) => {
    expect(violationsOf(orderRequest({ note }))).toEqual([{ field: 'note', description }]);
  });
});

describe('the items', () => {
  test.each([1, 100])('may be %d', (count) => {
    expect(violationsOf(orderRequest({ items: Array.from({ length: count }, () => orderItem()) }))).toEqual([]);
  });

  test.each([
    [0, 'At least one is needed.'],
    [101, 'At most 100 are allowed.'],
  ])('may not be %d', (count, description) => {
    const items = Array.from({ length: count }, () => orderItem());
    expect(violationsOf(orderRequest({ items }))).toEqual([{ field: 'items', description }]);
  });

  test.each([1, 1_000_000])('may have the quantity %d', (quantity) => {
    expect(violationsOf(orderRequest({ items: [orderItem({ quantity })] }))).toEqual([]);
  });

  test.each([0, 1_000_001, 4_294_967_295])('may not have the quantity %d', (quantity) => {
    expect(violationsOf(orderRequest({ items: [orderItem({ quantity })] }))).toEqual([
      { field: 'items[0].quantity', description: 'It must be between 1 and 1,000,000.' },
    ]);
  });
});

test('all faults of a request are told at once, each with the path of its field', () => {
  const labels = new Map([
    ['two words', 'value'],
    ['long', 'v'.repeat(256)],
  ]);
  const items = [
    orderItem(),
    orderItem({ sku: '', quantity: 0, unitPrice: undefined }),
    orderItem({ unitPrice: { currencyCode: 'eur', units: -1n, nanos: 1_000_000_000 } }),
    orderItem({ unitPrice: { ...euros(1n), currencyCode: 'USD' } }),
    orderItem({ unitPrice: euros(1n, -1) }),
  ];
  const fields = fieldsOf(orderRequest({ customerId: ' ', items, note: '\0', labels }));
  expect(new Set(fields)).toEqual(
    new Set([
      'customer_id',
      'items[1].sku',
      'items[1].quantity',
      'items[1].unit_price',
      'items[2].unit_price.currency_code',
      'items[2].unit_price.nanos',
      'items[3].unit_price.currency_code',
      'items[4].unit_price.nanos',
      'note',
      'labels["two words"]',
      'labels["long"]',
    ]),
  );
});

test('a hundred bad items are told one by one, none twice', () => {
  const items = Array.from({ length: 100 }, () => orderItem({ sku: '', quantity: 0, unitPrice: undefined }));
  const fields = fieldsOf(orderRequest({ items }));
  expect(fields).toHaveLength(300);
  expect(new Set(fields).size).toBe(300);
});

test('too many items are one fault beside the others, and are not looked at: a large request may hold ten thousands', () => {
  const items = Array.from({ length: 1_000 }, () => orderItem({ sku: '', quantity: 0, unitPrice: undefined }));
  expect(violationsOf(orderRequest({ customerId: '', items }))).toEqual([
    { field: 'customer_id', description: 'It has 0 characters; 1 to 64 are allowed.' },
    { field: 'items', description: 'At most 100 are allowed.' },
  ]);
});
