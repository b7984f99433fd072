import { expect, test } from '@jest/globals';
import { DETAILS_BYTES_MAX } from '../../../src/idempotency/index.ts';
import { richStatus } from '../../../src/transport/rich-status.ts';
import { detailsBytesIn, detailsIn } from './details.ts';

function statusOf(count: number, field = (index: number) => `items[${index}].sku`, description = 'It is wrong.') {
  const violations = Array.from({ length: count }, (_, index) => ({ field: field(index), description }));
  return richStatus({ reason: 'INVALID_REQUEST', message: 'It is wrong.', violations });
}

test('violations that fit are all told, in their order', () => {
  const { violations } = detailsIn(statusOf(80).metadata);
  expect(violations.map(({ field }) => field)).toEqual(Array.from({ length: 80 }, (_, index) => `items[${index}].sku`));
  expect(violations.every(({ description }) => description === 'It is wrong.')).toBe(true);
});

test.each([101, 150, 300, 1_000, 100_000])(
  'of %d violations the first ones are told, and how many more there are',
  (count) => {
    const { metadata } = statusOf(count);
    expect(detailsBytesIn(metadata).length).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
    const { violations } = detailsIn(metadata);
    const last = violations.at(-1);
    const shown = violations.length - 1;
    expect(shown).toBeGreaterThanOrEqual(80);
    expect(last).toMatchObject({ field: '*', description: `There are ${count - shown} more violations.` });
    expect(violations[shown - 1]?.field).toBe(`items[${shown - 1}].sku`);
  },
);

test('few violations that are long use the room that there is', () => {
  const { metadata } = statusOf(50, (index) => `labels["${'😀'.repeat(64)}${index}"]`, '😀'.repeat(100));
  const size = detailsBytesIn(metadata).length;
  expect(size).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
  expect(size).toBeGreaterThan(DETAILS_BYTES_MAX / 2);
});

test('a field and a description are cut between characters', () => {
  const { violations } = detailsIn(
    statusOf(1, () => `${'a'.repeat(292)}${'😀'.repeat(9)}`, '\ud83d'.repeat(9)).metadata,
  );
  expect(violations).toMatchObject([{ field: `${'a'.repeat(292)}😀…`, description: '\ufffd'.repeat(9) }]);
});
