import { expect, test } from '@jest/globals';
import { ByteBudget } from '../../../src/transport/byte-budget.ts';

/** A budget of 100 bytes, of which each owner may have 25, and who has been granted what was asked for. */
function openBudget() {
  const budget = new ByteBudget(100);
  const granted: string[] = [];
  const request = (owner: string, bytes: number, name = owner) =>
    budget.request(owner, bytes, () => void granted.push(name));
  return { granted, request };
}

test('what there is is granted at once, and the rest once something is given back', () => {
  const { granted, request } = openBudget();
  const giveBack = ['a', 'b', 'c', 'd', 'e', 'f'].map((owner) => request(owner, 25));
  expect(granted).toEqual(['a', 'b', 'c', 'd']);
  giveBack[1]?.();
  expect(granted).toEqual(['a', 'b', 'c', 'd', 'e']);
  giveBack[1]?.();
  expect(granted).not.toContain('f');
});

test('an owner that has its share waits, and is overtaken by others', () => {
  const { granted, request } = openBudget();
  const giveBack = request('a', 20, 'first');
  request('a', 20, 'second');
  request('b', 20);
  expect(granted).toEqual(['first', 'b']);
  giveBack();
  expect(granted).toEqual(['first', 'b', 'second']);
});

test('what is larger than the share, or than all, goes alone', () => {
  const { granted, request } = openBudget();
  const giveBack = request('a', 1_000, 'huge');
  request('b', 1);
  expect(granted).toEqual(['huge']);
  giveBack();
  expect(granted).toEqual(['huge', 'b']);
});

test('a request that is withdrawn is never granted, and takes nothing', () => {
  const { granted, request } = openBudget();
  const giveBack = request('a', 25, 'first');
  request('a', 25, 'withdrawn')();
  request('a', 25, 'third');
  giveBack();
  expect(granted).toEqual(['first', 'third']);
});
