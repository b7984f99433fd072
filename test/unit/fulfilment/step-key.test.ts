import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { STEP_NAME } from '../../../src/fulfilment/step.ts';
import { stepKey, undoKey } from '../../../src/fulfilment/step-key.ts';
import { callersKey, KEY_HEADER } from '../../../src/idempotency/key.ts';

const orderIds = Array.from({ length: 20 }, () => randomUUID());
const longestName = `a${'-'.repeat(62)}`;
// Names that could be taken for parts of each other's keys.
const names = ['a', 'b', 'undo', 'a-undo', 'charge', 'charge-undo', longestName];

test('the key of a step is its order and its name, whoever asks and however often', () => {
  const orderId = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
  expect(stepKey(orderId, 'charge')).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f:charge');
  expect(undoKey(orderId, 'charge')).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f:charge:undo');
});

test('no two of orders, steps and directions have the same key', () => {
  const keys = orderIds.flatMap((orderId) => names.flatMap((name) => [stepKey(orderId, name), undoKey(orderId, name)]));
  expect(new Set(keys).size).toBe(orderIds.length * names.length * 2);
});

test('each key is one that this service itself would take, also for the longest name of a step', () => {
  expect(new RegExp(STEP_NAME).test(longestName)).toBe(true);
  expect(new RegExp(STEP_NAME).test(`${longestName}-`)).toBe(false);
  for (const key of names.flatMap((name) => [stepKey(randomUUID(), name), undoKey(randomUUID(), name)])) {
    const metadata = new Metadata();
    metadata.set(KEY_HEADER, key);
    expect(callersKey(metadata)).toEqual({ value: key, source: 'client' });
    expect(key.length).toBeLessThanOrEqual(105);
  }
});
