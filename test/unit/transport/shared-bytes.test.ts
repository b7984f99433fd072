import { expect, test } from '@jest/globals';
import { SharedBytes } from '../../../src/transport/shared-bytes.ts';

const bytes = (count: number) => new Uint8Array(count);

test('what all hold together stays within the limit', () => {
  const shared = new SharedBytes(100);
  const letGo = shared.hold(bytes(60));
  expect(shared.hold(bytes(41))).toBeUndefined();
  expect(shared.hold(bytes(40))).toBeDefined();
  letGo?.();
  expect(shared.hold(bytes(61))).toBeUndefined();
  expect(shared.hold(bytes(60))).toBeDefined();
});

test('what several hold counts once, until the last of them lets go', () => {
  const shared = new SharedBytes(100);
  const answer = bytes(80);
  const holds = Array.from({ length: 500 }, () => shared.hold(answer));
  expect(holds).not.toContain(undefined);
  for (const letGo of holds.slice(1)) letGo?.();
  expect(shared.hold(bytes(21))).toBeUndefined();
  holds[0]?.();
  expect(shared.hold(bytes(100))).toBeDefined();
});

test('a part counts as the whole that it keeps in memory', () => {
  const shared = new SharedBytes(100);
  const whole = bytes(90);
  expect(shared.hold(whole.subarray(0, 5))).toBeDefined();
  expect(shared.hold(whole.subarray(5, 10))).toBeDefined();
  expect(shared.hold(bytes(11))).toBeUndefined();
});

test('what is larger than the limit is held alone', () => {
  const shared = new SharedBytes(100);
  const letGo = shared.hold(bytes(1_000));
  expect(letGo).toBeDefined();
  expect(shared.hold(bytes(1))).toBeUndefined();
  letGo?.();
  expect(shared.hold(bytes(1))).toBeDefined();
});
