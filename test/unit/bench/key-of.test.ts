import { expect, test } from '@jest/globals';
import { keyOf } from '../../../bench/load/key-of.ts';
import type { LoadPlan } from '../../../bench/load/messages.ts';

const plan: LoadPlan = {
  ports: [],
  channels: 1,
  inFlight: 1,
  warmUpMs: 0,
  measureMs: 0,
  callsMax: 0,
  items: 1,
  keyPrefix: 'key',
  keys: 'new',
  firstKey: 0,
  duplicateShare: 0,
};
const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1);
const distinct = (changed: Partial<LoadPlan>) =>
  new Set(numbers.map((number) => keyOf({ ...plan, ...changed }, number))).size;

test('new orders have a key each', () => {
  expect(distinct({})).toBe(1_000);
});

test('replays go round among so many keys', () => {
  expect(distinct({ keys: 20 })).toBe(20);
  expect(keyOf({ ...plan, keys: 20 }, 3)).toBe(keyOf({ ...plan, keys: 20 }, 23));
});

test('of two processes that replay the same keys, the other one begins in the middle', () => {
  expect(keyOf({ ...plan, keys: 20, firstKey: 10 }, 3)).toBe(keyOf({ ...plan, keys: 20 }, 13));
});

test('of a thousand calls, so many repeat the key of the one before', () => {
  expect(distinct({ duplicateShare: 0.3 })).toBe(700);
});
