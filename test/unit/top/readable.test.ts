import { expect, test } from '@jest/globals';
import { readableBytes, readableCount, readableSeconds, readableShare } from '../../../src/top/readable.ts';
import { sparkline } from '../../../src/top/sparkline.ts';

test.each([
  [0, '0'],
  [0.01, '<0.1'],
  [0.4, '0.4'],
  [3, '3'],
  [3.04, '3'],
  [3.4, '3.4'],
  [9.97, '10'],
  [12.6, '13'],
  [999.4, '999'],
  [999.6, '1 k'],
  [1_234, '1.2 k'],
  [83_123, '83 k'],
  [999_999, '1 M'],
  [3_400_000, '3.4 M'],
])('%d things are %s', (count, text) => {
  expect(readableCount(count)).toBe(text);
});

test.each([
  [0, '0 s'],
  [0.00031, '310 µs'],
  [0.0034, '3.4 ms'],
  [0.34, '340 ms'],
  [0.9996, '1 s'],
  [3.4, '3.4 s'],
  [9.97, '10 s'],
  [75, '75 s'],
  [3_000, '50 min'],
  [82_800, '23 h'],
  [700_000, '8 d'],
])('%d seconds are %s', (seconds, text) => {
  expect(readableSeconds(seconds)).toBe(text);
});

test('sizes and shares', () => {
  expect([512, 131_072, 536_870_912, 1_288_490_189].map(readableBytes)).toEqual([
    '512 B',
    '128 KiB',
    '512 MiB',
    '1.2 GiB',
  ]);
  expect([0, 0.004, 0.345, 1.6].map(readableShare)).toEqual(['0 %', '0 %', '35 %', '160 %']);
});

test('what is not known is a dash, and never 0', () => {
  for (const readable of [readableCount, readableBytes, readableSeconds, readableShare]) {
    expect([undefined, Number.NaN, Number.POSITIVE_INFINITY].map(readable)).toEqual(['–', '–', '–']);
  }
});

test('a sparkline tells nothing, little, much and unknown apart', () => {
  expect(sparkline([0, 0.1, 50, 100, undefined])).toBe('▁▂▅█ ');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([])).toBe('');
});
