import type { TwinRow } from './twin-row.ts';
import { concat, delimited, endGroup, hex, startGroup, text, varint } from './wire.ts';

/** Fields that echo.v1.SayRequest does not know. */
export const unknownFieldTwins: readonly TwinRow[] = [
  ['unknown fields before known ones', concat(text(1, 'a'), varint(99, 1)), concat(varint(99, 1), text(1, 'a'))],
  ['unknown fields 99 and 100', concat(varint(99, 1), varint(100, 1)), concat(varint(100, 1), varint(99, 1))],
  [
    'unknown fields in another order',
    concat(varint(50, 1), text(51, 'a'), varint(99, 2)),
    concat(varint(99, 2), text(51, 'a'), varint(50, 1)),
  ],
  [
    'an unknown field with a small number',
    concat(text(14 + 1, 'a'), varint(16, 1)),
    concat(varint(16, 1), text(15, 'a')),
  ],
  ['an overlong unknown varint', varint(99, 1), hex('98 06 81 80 00')],
  ['an unknown varint with bits beyond the 64th', varint(99, 2n ** 64n - 1n), hex('98 06 ffffffffffffffffff7f')],
  ['an overlong unknown length', text(99, 'a'), hex('9a 06 81 00 61')],
  [
    'overlong tags of an unknown group',
    concat(startGroup(50), varint(1, 5), endGroup(50)),
    hex('93 83 00 08 05 94 83 80 00'),
  ],
  [
    'unknown fields within nested messages',
    delimited(3, text(1, 'a'), varint(8, 1), varint(9, 1)),
    delimited(3, varint(9, 1), varint(8, 1), text(1, 'a')),
  ],
  [
    'unknown fields within a map value',
    delimited(11, text(1, 'a'), delimited(2, varint(8, 1), varint(9, 1))),
    delimited(11, delimited(2, varint(9, 1)), delimited(2, varint(8, 1)), text(1, 'a')),
  ],
  [
    'unknown fields within a map entry',
    delimited(2, text(1, 'a'), text(2, 'b'), varint(3, 1)),
    delimited(2, varint(3, 1), text(2, 'b'), text(1, 'a')),
  ],
];
