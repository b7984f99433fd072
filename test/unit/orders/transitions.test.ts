import { expect, test } from '@jest/globals';
import { type OrderState, orderStates } from '../../../src/orders/order.ts';
import {
  changed,
  FIRST_SEQUENCE,
  FIRST_STATE,
  isFinal,
  mayBecome,
  transitions,
} from '../../../src/orders/transitions.ts';
import { sampleOrder } from '../fulfilment/sample-order.ts';

const time = new Date('2026-02-03T04:05:06.789Z');

/** What the contract says, written out once more. */
const successors: Readonly<Record<OrderState, readonly OrderState[]>> = {
  PENDING: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['CONFIRMED', 'REJECTED', 'CANCELLED'],
  CONFIRMED: [],
  REJECTED: [],
  CANCELLED: [],
};

const pairs = orderStates.flatMap((from) => orderStates.map((to) => [from, to] as const));

test.each(pairs)('from %s to %s: the table and the functions agree with the contract', (from, to) => {
  const isAllowed = successors[from].includes(to);
  expect(mayBecome(from, to)).toBe(isAllowed);
  const order = sampleOrder({ state: from, sequence: 2 });
  const change = () => changed(order, { to, reason: 'why', time });
  if (isAllowed) {
    expect(change()).toEqual({ ...order, state: to, stateReason: 'why', sequence: 3, updateTime: time });
  } else {
    expect(change).toThrow(`an order that is ${from} cannot become ${to}`);
  }
});

test.each(orderStates)('%s is final if nothing leads out of it', (state) => {
  expect(isFinal(state)).toBe(successors[state].length === 0);
});

test('no transition is there twice, and every state is reached from the first', () => {
  expect(new Set(transitions.map(({ from, to }) => `${from}>${to}`)).size).toBe(transitions.length);
  const reached = new Set<OrderState>([FIRST_STATE]);
  for (const state of reached) for (const next of successors[state]) reached.add(next);
  expect([...reached].sort()).toEqual([...orderStates].sort());
  expect(FIRST_SEQUENCE).toBe(sampleOrder().sequence);
});

test('only callers cancel, and only workers do anything else', () => {
  for (const { to, by } of transitions) expect([to, by]).toEqual([to, to === 'CANCELLED' ? 'caller' : 'worker']);
});

test.each([
  ['later', 1, 1],
  ['at the same time', 0, 0],
  ['earlier, by another clock', -1, 0],
])('time never runs backwards: a change %s', (_when, offsetMs, expectedMs) => {
  const order = sampleOrder({ updateTime: time });
  const after = changed(order, { to: 'PROCESSING', reason: '', time: new Date(time.getTime() + offsetMs) });
  expect(after.updateTime.getTime() - time.getTime()).toBe(expectedMs);
  expect(after.createTime).toBe(order.createTime);
});

test('the order before a change stays as it was', () => {
  const order = Object.freeze(sampleOrder());
  changed(order, { to: 'PROCESSING', reason: '', time });
  expect(order).toEqual(sampleOrder());
});
