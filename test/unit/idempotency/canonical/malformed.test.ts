import { describe, expect, test } from '@jest/globals';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { malformedFraming } from './malformed-framing.ts';
import { malformedGroups, malformedKinds, malformedSayRequests } from './malformed-values.ts';
import { groups, kinds, sayRequest } from './message-types.ts';
import { refusal } from './refusal.ts';
import { concat, delimited, hex, nest, nestGroups, text } from './wire.ts';

describe.each([
  { type: sayRequest, table: [...malformedFraming, ...malformedSayRequests] },
  { type: kinds, table: malformedKinds },
  { type: groups, table: malformedGroups },
])('bytes that are not one whole valid $type.typeName are refused', ({ type, table }) => {
  const canonicalizer = createCanonicalizer(type, []);

  test.each(table)('%s', (_title, bytes, reason) => {
    expect(refusal(() => canonicalizer.canonicalize(bytes))).toBe(reason);
  });
});

test('known and unknown nesting count together', () => {
  const canonicalizer = createCanonicalizer(kinds, []);
  let bytes = nestGroups(50, 1);
  for (let level = 0; level < 99; level++) {
    bytes = delimited(14, bytes);
  }
  expect(refusal(() => canonicalizer.canonicalize(bytes))).toContain('nested more than 100 levels deep');
});

test('99 levels below the message are allowed, side by side as often as one likes', () => {
  const canonicalizer = createCanonicalizer(kinds, []);
  const deepest = concat(nest(14, 99), nestGroups(50, 99), nestGroups(50, 99));
  expect(canonicalizer.canonicalize(deepest).message).toEqual(deepest);
});

test('a hundred thousand levels are refused without using up the stack', () => {
  const groupsOnly = new Uint8Array(200_000).fill(0x0b);
  expect(refusal(() => createCanonicalizer(sayRequest, []).canonicalize(concat(hex('93 06'), groupsOnly)))).toContain(
    'levels',
  );
  expect(refusal(() => createCanonicalizer(groups, []).canonicalize(groupsOnly))).toContain('where 2 belongs');
});

test('a refusal carries a code, and its reason as message', () => {
  try {
    createCanonicalizer(sayRequest, []).canonicalize(hex('00'));
    throw new Error('The bytes were accepted.');
  } catch (error) {
    expect(error).toMatchObject({ name: 'MalformedMessageError', code: 'MALFORMED_MESSAGE' });
    expect(error).toHaveProperty('message', 'A field has the number 0, at byte 0.');
  }
});

test('what was refused leaves nothing behind: the next message is read as if it were the first', () => {
  const canonicalizer = createCanonicalizer(sayRequest, []);
  refusal(() => canonicalizer.canonicalize(concat(text(1, 'a'), delimited(3, text(1, 'b')), hex('00'))));
  expect(canonicalizer.canonicalize(text(12, 'c')).message).toEqual(text(12, 'c'));
});
