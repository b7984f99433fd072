import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { LineLimit } from '../../../src/telemetry/line-limit.ts';

/** Longer than a test. */
const LONG_MS = 600_000;

const takeAll = (limit: LineLimit, kind: string, times: number) =>
  Array.from({ length: times }, () => limit.take(kind));

test('so many lines of a kind have room in a window, and kinds do not take it from each other', () => {
  const limit = new LineLimit({ linesMax: 2, windowMs: LONG_MS });
  expect(takeAll(limit, 'one', 4)).toEqual([0, 0, undefined, undefined]);
  expect(takeAll(limit, 'other', 3)).toEqual([0, 0, undefined]);
});

test('the first line of a later window says how many were left out, and no other does', async () => {
  const limit = new LineLimit({ linesMax: 2, windowMs: 30 });
  expect(takeAll(limit, 'one', 5)).toEqual([0, 0, undefined, undefined, undefined]);
  await sleep(40);
  expect(takeAll(limit, 'one', 2)).toEqual([3, 0]);
});
