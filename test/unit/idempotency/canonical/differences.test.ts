import { expect, test } from '@jest/globals';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { sayRequest } from './message-types.ts';
import { concat, delimited, endGroup, hex, startGroup, text, toHex, varint } from './wire.ts';

const entry = (...parts: readonly Uint8Array[]) => delimited(2, ...parts);

const differentRequests: readonly [title: string, one: Uint8Array, other: Uint8Array][] = [
  ['one nanosecond', delimited(5, varint(1, 1), varint(2, 1)), delimited(5, varint(1, 1), varint(2, 2))],
  ['a timestamp of zero, or none', delimited(5), hex('')],
  ['an empty optional string, or none', text(12, ''), hex('')],
  ['an empty member of a oneof, or none', text(8, ''), hex('')],
  ['an empty message as member of a oneof, or none', delimited(9), hex('')],
  ['two members of a oneof, both empty', text(8, ''), delimited(9)],
  ['an empty part more', concat(delimited(3), delimited(3)), delimited(3)],
  [
    'the order of parts',
    concat(delimited(3, text(1, 'a')), delimited(3)),
    concat(delimited(3), delimited(3, text(1, 'a'))),
  ],
  ['the order of numbers', hex('22 02 01 02'), hex('22 02 02 01')],
  ['a zero more', hex('22 02 00 00'), hex('22 01 00')],
  ['zero and minus zero', hex(''), hex('39 0000000000000080')],
  ['the lowest bit of a fixed64 beyond 2^53', hex('69 0000000000002000'), hex('69 0100000000002000')],
  ['an empty map entry, or none', entry(), hex('')],
  ['an entry __proto__', concat(entry(text(1, '__proto__'), text(2, 'a')), entry(text(1, 'b'))), entry(text(1, 'b'))],
  [
    'the value of an entry __proto__',
    entry(text(1, '__proto__'), text(2, 'a')),
    entry(text(1, '__proto__'), text(2, 'b')),
  ],
  [
    'the message of an entry __proto__',
    delimited(11, text(1, '__proto__'), delimited(2, text(1, 'a'))),
    delimited(11, text(1, '__proto__'), delimited(2, text(1, 'b'))),
  ],
  ['keys 9 and 09', entry(text(1, '9')), entry(text(1, '09'))],
  ['composed and decomposed letters', text(1, '\u00e9'), text(1, 'e\u0301')],
  ['a string that is one zero byte, or none', text(1, '\0'), hex('')],
  ['bytes that are one zero, or none', hex('52 01 00'), hex('')],
  ['an unknown field, or none', varint(99, 0), hex('')],
  ['an unknown field with another value', varint(99, 1), varint(99, 2)],
  ['an unknown field with another number', varint(98, 1), varint(99, 1)],
  ['an unknown field of another wire type', hex('9d 06 00000000'), varint(99, 0)],
  [
    'the order of unknown fields with one number',
    concat(varint(99, 1), varint(99, 2)),
    concat(varint(99, 2), varint(99, 1)),
  ],
  ['an unknown field in a part', delimited(3, varint(99, 1)), delimited(3)],
  [
    'an unknown field in a map value',
    delimited(11, text(1, 'a'), delimited(2, varint(9, 1))),
    delimited(11, text(1, 'a')),
  ],
  ['an unknown field in a map entry', entry(text(1, 'a'), varint(3, 1)), entry(text(1, 'a'))],
  ['an unknown field in a timestamp', delimited(5, varint(3, 1)), delimited(5)],
  [
    'the inside of an unknown group',
    concat(startGroup(50), varint(1, 1), endGroup(50)),
    concat(startGroup(50), varint(1, 2), endGroup(50)),
  ],
  ['an unknown group, or its inside', concat(startGroup(50), varint(99, 1), endGroup(50)), varint(99, 1)],
  [
    'a nested group, or two',
    concat(startGroup(50), startGroup(50), endGroup(50), endGroup(50)),
    concat(startGroup(50), endGroup(50), startGroup(50), endGroup(50)),
  ],
  ['the inside of a payload that looks like a field', delimited(10, hex('08 80 00')), delimited(10, hex('08 00'))],
];

test.each(differentRequests)('different requests stay different: %s', (_title, one, other) => {
  const { canonicalize } = createCanonicalizer(sayRequest, []);
  expect(toHex(canonicalize(one).message)).not.toBe(toHex(canonicalize(other).message));
});

test('an entry __proto__ touches no prototype', () => {
  const { canonicalize } = createCanonicalizer(sayRequest, ['parts.trace']);
  const bytes = concat(
    delimited(11, text(1, '__proto__'), delimited(2, text(1, 'polluted'))),
    delimited(11, text(1, 'constructor'), delimited(2, text(1, 'polluted'))),
  );
  expect(toHex(canonicalize(bytes).message)).toBe(toHex(bytes));
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('name');
  expect({}).not.toHaveProperty('trace');
});
