import type { TwinRow } from './twin-row.ts';
import { concat, endGroup, hex, startGroup, text, varint } from './wire.ts';

const one = hex('000000000000f03f');

/** Kinds of numbers that echo.v1 does not have. */
export const kindsTwins: readonly TwinRow[] = [
  ['an int64 in an overlong form', hex('10 01'), hex('10 81 80 00')],
  ['a uint32 with excess high bits', hex('18 01'), hex('18 81 80 80 80 f0 ff ff ff ff 01')],
  ['a sint32 with excess high bits', hex('28 01'), hex('28 81 80 80 80 70')],
  ['the greatest uint32, with its sign extended', hex('18 ffffffff0f'), hex('18 ffffffffffffffffff01')],
  ['the least sint32, with its sign extended', hex('28 ffffffff0f'), hex('28 ffffffffffffffffff01')],
  ['an int32 with excess high bits', hex('08 01'), hex('08 81 80 80 80 10')],
  ['an int32 that its low half makes zero', hex(''), hex('08 80 80 80 80 10')],
  ['an enum with excess high bits', hex('50 01'), hex('50 81 80 80 80 10')],
  ['an enum of -1 in five bytes', hex('50 ffffffffffffffffff01'), hex('50 ffffffff0f')],
  ['a bool of 2', hex('38 01'), hex('38 02')],
  ['a bool of 2^63', hex('38 01'), hex('38 80808080808080808001')],
  ['a bool that is overlong and false', hex(''), hex('38 80 80 00')],
  ['a map key bool of 2', hex('7a 04 08 01 12 00'), hex('7a 02 08 02')],
  ['zeros of every kind', hex(''), hex('08 00 10 00 18 00 20 00 28 00 30 00 38 00 45 00000000 4d 00000000 50 00')],
  ['doubles one by one', concat(hex('62 10'), one, one), concat(hex('61'), one, hex('61'), one)],
  ['enums with excess high bits', hex('6a 01 01'), hex('68 81 80 80 80 10')],
  ['enums one by one', hex('6a 02 00 05'), hex('68 00 68 05')],
  ['fields declared out of order', concat(text(17, 'a'), text(18, 'b')), concat(text(18, 'b'), text(17, 'a'))],
];

/** Known groups. */
export const groupsTwins: readonly TwinRow[] = [
  [
    'a known group in another order',
    concat(startGroup(1), text(1, 'a'), varint(2, 1), endGroup(1)),
    concat(startGroup(1), varint(2, 1), text(1, 'a'), endGroup(1)),
  ],
  [
    'a known group in pieces',
    concat(startGroup(1), text(1, 'a'), varint(2, 1), endGroup(1)),
    concat(startGroup(1), varint(2, 1), endGroup(1), startGroup(1), text(1, 'a'), endGroup(1)),
  ],
];
