import { expect, test } from '@jest/globals';
import { GapWatch, gapsOf } from '../../../src/client/gap-watch.ts';
import { HandledEvents } from '../../../src/client/handled-events.ts';

test('only what is further than the next number behind what was reached leaves a gap', () => {
  const gaps = new GapWatch();
  gaps.reach(0n);
  expect(gaps.before(9n)).toBeUndefined();
  gaps.reach(5n);
  gaps.reach(3n);
  expect([4n, 5n, 6n].map((number) => gaps.before(number))).toEqual([undefined, undefined, undefined]);
  expect(gaps.before(7n)).toEqual({ after: 5n, before: 7n });
});

test('missing numbers that follow each other are one gap', () => {
  expect(gapsOf([2n, 3n, 4n, 7n])).toEqual([
    { after: 1n, before: 5n },
    { after: 6n, before: 8n },
  ]);
  expect(gapsOf([])).toEqual([]);
});

test('P10 the oldest of the handled events are forgotten, and those that were seen again are not old', () => {
  const handled = new HandledEvents(2);
  for (const id of ['a', 'b', 'a', 'c']) {
    handled.add(id);
  }
  expect(['a', 'b', 'c'].map((id) => handled.has(id))).toEqual([true, false, true]);
});
