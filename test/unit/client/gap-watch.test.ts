import { expect, test } from '@jest/globals';
import { GapWatch, gapsOf } from '../../../src/client/gap-watch.ts';
import { HandledEvents } from '../../../src/client/handled-events.ts';

test('only what is further than the next number behind what was reached leaves a gap', () => {
  const gaps = new GapWatch();
  expect(gaps.before(9n)).toBeUndefined();
  gaps.reach(5n);
  gaps.reach(3n);
  expect([4n, 5n, 6n].map((number) => gaps.before(number))).toEqual([undefined, undefined, undefined]);
  expect(gaps.before(7n)).toEqual({ after: 5n, before: 7n });
});

test('a group that was given nothing has missed what is no longer there', () => {
  const gaps = new GapWatch();
  gaps.open(0n, false);
  expect([gaps.before(1n), gaps.before(9n)]).toEqual([undefined, { after: 0n, before: 9n }]);
});

test('a group that is made anew does not hide what was missed with the one before', () => {
  const gaps = new GapWatch();
  gaps.open(0n, true);
  gaps.reach(3n);
  gaps.open(5n, true);
  expect(gaps.before(6n)).toEqual({ after: 3n, before: 6n });
  gaps.open(6n, false);
  expect(gaps.before(7n)).toBeUndefined();
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
