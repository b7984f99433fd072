import { expect, test } from '@jest/globals';
import { histogramQuantile } from '../../../src/top/histogram-quantile.ts';

const of = (...buckets: readonly (readonly [upperBound: number, count: number])[]) =>
  buckets.map(([upperBound, count]) => ({ upperBound, count }));

const even = of([1, 100], [2, 200], [4, 400], [Infinity, 400]);

test.each([
  { quantile: 0, value: 0 },
  { quantile: 0.125, value: 0.5 },
  { quantile: 0.25, value: 1 },
  { quantile: 0.5, value: 2 },
  { quantile: 0.75, value: 3 },
  { quantile: 1, value: 4 },
])('the $quantile quantile of values that lie evenly from 0 to 4 is $value', ({ quantile, value }) => {
  expect(histogramQuantile(quantile, even)).toBeCloseTo(value, 9);
});

test('the order of the buckets does not matter, and empty ones are passed over', () => {
  expect(histogramQuantile(0.5, of([Infinity, 10], [8, 10], [4, 0], [2, 0]))).toBe(6);
});

test('beyond the last bound only that bound is known', () => {
  expect(histogramQuantile(0.99, of([1, 50], [2, 60], [Infinity, 100]))).toBe(2);
});

test('buckets that were read while they were counted are taken as no less than those below', () => {
  expect(histogramQuantile(0.75, of([1, 10], [2, 8], [4, 20], [Infinity, 20]))).toBe(3);
});

test.each([
  { what: 'no buckets', buckets: of() },
  { what: 'nothing counted', buckets: of([1, 0], [Infinity, 0]) },
  { what: 'only the last bucket', buckets: of([Infinity, 7]) },
  { what: 'no last bucket', buckets: of([1, 3], [2, 7]) },
  { what: 'counts that are not known', buckets: of([1, Number.NaN], [Infinity, Number.NaN]) },
])('of $what there is no quantile', ({ buckets }) => {
  expect(histogramQuantile(0.99, buckets)).toBeUndefined();
});
