import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Seal } from '../../../../src/idempotency/running/seal.ts';

const seal = new Seal(randomBytes(32));
const sealed = seal.close('a secret: „ü“ 🦊', 'here');

test('what was closed can be opened under its name, and is not to be read', () => {
  expect(seal.open(sealed, 'here')).toBe('a secret: „ü“ 🦊');
  expect(sealed.toString('latin1')).not.toContain('secret');
});

test('the same text is never closed alike', () => {
  expect(seal.close('a secret: „ü“ 🦊', 'here')).not.toEqual(sealed);
});

test('it opens neither under another name nor by another secret', () => {
  expect(seal.open(sealed, 'there')).toBeUndefined();
  expect(new Seal(randomBytes(32)).open(sealed, 'here')).toBeUndefined();
});

test.each([...sealed.keys()])('it does not open when byte %d was altered, nor when it was cut there', (index) => {
  const altered = Buffer.from(sealed);
  altered[index] = (altered[index] ?? 0) ^ 1;
  expect(seal.open(altered, 'here')).toBeUndefined();
  expect(seal.open(sealed.subarray(0, index), 'here')).toBeUndefined();
});
