import { expect, test } from '@jest/globals';
import { ByteBudget } from '../../../src/transport/byte-budget.ts';

/** A budget of 160 bytes, of which each owner may have 10, and who has been granted what was asked for. */
function openBudget() {
  const budget = new ByteBudget(160);
  const granted: string[] = [];
  const request = (owner: string, bytes: number, name = owner) =>
    budget.request(owner, bytes, () => void granted.push(name));
  return { granted, request };
}

test('what there is is granted at once, and the rest once something is given back', () => {
  const { granted, request } = openBudget();
  const owners = Array.from({ length: 18 }, (_, index) => `owner-${index}`);
  const giveBack = owners.map((owner) => request(owner, 10));
  expect(granted).toEqual(owners.slice(0, 16));
  giveBack[1]?.();
  expect(granted).toEqual(owners.slice(0, 17));
  giveBack[1]?.();
  expect(granted).toEqual(owners.slice(0, 17));
});

test('an owner that has its share waits, and is overtaken by others', () => {
  const { granted, request } = openBudget();
  const giveBack = request('a', 8, 'first');
  request('a', 8, 'second');
  request('b', 8);
  expect(granted).toEqual(['first', 'b']);
  giveBack();
  expect(granted).toEqual(['first', 'b', 'second']);
});

test('owners take turns: one that gives nothing back has what it has, and not what comes free', () => {
  const { granted, request } = openBudget();
  const deaf = Array.from({ length: 16 }, (_, index) => request(`deaf-${index}`, 10));
  for (const index of deaf.keys()) request(`deaf-${index}`, 10, 'deaf again');
  request('honest', 10);
  deaf[3]?.();
  expect(granted.at(-1)).toBe('honest');
  deaf[5]?.();
  expect(granted.at(-1)).toBe('deaf again');
});

test('who waits for room is not overtaken for ever by those that need less', () => {
  const { granted, request } = openBudget();
  const small = Array.from({ length: 16 }, (_, index) => request(`small-${index}`, 10));
  const giveBack = request('large', 100);
  for (let turn = 0; turn < 10; turn += 1) {
    request(`late-${turn}`, 10);
    small[turn]?.();
  }
  expect(granted.slice(16)).toEqual(['large']);
  giveBack();
  expect(granted.slice(17)).toEqual(Array.from({ length: 10 }, (_, turn) => `late-${turn}`));
});

test('what is larger than the share goes when its owner has nothing else, and what is larger than all goes alone', () => {
  const { granted, request } = openBudget();
  request('b', 1);
  request('a', 50, 'large');
  expect(granted).toEqual(['b', 'large']);
  const other = openBudget();
  const giveBack = other.request('a', 1_000, 'huge');
  other.request('b', 1);
  expect(other.granted).toEqual(['huge']);
  giveBack();
  expect(other.granted).toEqual(['huge', 'b']);
});

test('a request that is withdrawn is never granted, and takes nothing', () => {
  const { granted, request } = openBudget();
  const giveBack = request('a', 10, 'first');
  request('a', 10, 'withdrawn')();
  request('a', 10, 'third');
  giveBack();
  expect(granted).toEqual(['first', 'third']);
});
