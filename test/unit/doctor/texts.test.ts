import { expect, test } from '@jest/globals';
import { counted, readableAge } from '../../../src/doctor/age.ts';
import { oneLine } from '../../../src/doctor/one-line.ts';

test.each([
  ['two\nlines\tand \u001b[31mcolour', 'two lines and [31mcolour'],
  [
    'see redis://:hush@host:1/ and postgres://u:hush@h/d?password=hush',
    'see redis://:***@host:1/ and postgres://u:***@h/d?password=***',
  ],
  ['x'.repeat(200), `${'x'.repeat(99)}…`],
])('%j is printed as %j', (text, printed) => {
  expect(oneLine(text)).toBe(printed);
});

test.each([
  [0, '0 ms'],
  [1_999, '1999 ms'],
  [2_000, '2 s'],
  [90_000, '90 s'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('an age of %d ms is printed as %s', (ageMs, printed) => {
  expect(readableAge(ageMs)).toBe(printed);
});

test('one is not plural', () => {
  expect([counted(1, 'order'), counted(1_200, 'order')]).toEqual(['1 order', '1,200 orders']);
});
