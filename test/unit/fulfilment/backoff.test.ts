import { expect, test } from '@jest/globals';
import { backoffMs } from '../../../src/fulfilment/backoff.ts';

const CAP_MS = 300_000;

test.each([
  [1, 500, 1_000],
  [2, 1_000, 2_000],
  [3, 2_000, 4_000],
  [9, 128_000, 256_000],
  [10, CAP_MS / 2, CAP_MS],
  [11, CAP_MS / 2, CAP_MS],
  [100, CAP_MS / 2, CAP_MS],
  // 2 ** 1,999 is Infinity.
  [2_000, CAP_MS / 2, CAP_MS],
])('after %d failures it waits from %d to %d ms', (failures, least, most) => {
  expect(backoffMs(failures, 0)).toBe(least);
  expect(backoffMs(failures, 1)).toBe(most);
});

test('orders that failed together do not come back together', () => {
  const delays = Array.from({ length: 1_000 }, () => backoffMs(4));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(4_000);
  expect(Math.max(...delays)).toBeLessThanOrEqual(8_000);
  // Of 4,001 possible delays a thousand draws hit some 885 different ones.
  expect(new Set(delays).size).toBeGreaterThan(500);
});
