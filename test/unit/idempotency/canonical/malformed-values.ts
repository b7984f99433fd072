import type { MalformedRow } from './malformed-row.ts';
import { concat, delimited, hex, nest, text } from './wire.ts';

const passesEnd = 'A field passes the end of its message';
const textField = 'Field 1 (text) of echo.v1.SayRequest';
const wireTypeOfText = (actual: number) => `${textField} has wire type ${actual} where 2 belongs`;

/** Fields of echo.v1.SayRequest whose value is not of their type. */
export const malformedSayRequests: readonly MalformedRow[] = [
  ['a broken first byte', hex('0a 02 ff 41'), `${textField} is not UTF-8, at byte 0.`],
  ['UTF-8 cut short', hex('0a 02 e2 82'), `${textField} is not UTF-8, at byte 0.`],
  ['overlong UTF-8', hex('0a 02 c0 80'), `${textField} is not UTF-8, at byte 0.`],
  ['a surrogate in UTF-8', hex('0a 03 ed a0 80'), `${textField} is not UTF-8, at byte 0.`],
  ['a character beyond Unicode', hex('0a 04 f4 90 80 80'), `${textField} is not UTF-8, at byte 0.`],
  [
    'a broken map key',
    hex('12 03 0a 01 ff'),
    'The key of field 2 (labels) of echo.v1.SayRequest is not UTF-8, at byte 2.',
  ],
  [
    'a broken map value',
    hex('12 03 12 01 ff'),
    'The value of field 2 (labels) of echo.v1.SayRequest is not UTF-8, at byte 2.',
  ],
  [
    'a broken string in a list of messages',
    hex('1a 03 0a 01 ff'),
    'Field 1 (name) of echo.v1.Part is not UTF-8, at byte 2.',
  ],
  [
    'a broken string that a later one replaces',
    concat(hex('0a 01 ff'), text(1, 'a')),
    `${textField} is not UTF-8, at byte 0.`,
  ],
  [
    'a broken string in an entry that a later one replaces',
    concat(hex('12 03 12 01 ff'), delimited(2)),
    'The value of field 2 (labels) of echo.v1.SayRequest is not UTF-8, at byte 2.',
  ],
  [
    'a broken message of a oneof that a later member replaces',
    concat(hex('4a 03 0a 01 ff'), text(8, 'a')),
    'Field 1 (name) of echo.v1.Part is not UTF-8, at byte 2.',
  ],
  ['a varint in a string', hex('08 00'), `${wireTypeOfText(0)}, at byte 0.`],
  ['a fixed64 in a string', hex('09 0000000000000000'), `${wireTypeOfText(1)}, at byte 0.`],
  ['a group in a string', hex('0b 0c'), `${wireTypeOfText(3)}, at byte 0.`],
  ['a fixed32 in a string', hex('0d 00000000'), `${wireTypeOfText(5)}, at byte 0.`],
  [
    'a varint in a message',
    hex('28 00'),
    'Field 5 (event_time) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 0.',
  ],
  [
    'a group in a message',
    hex('2b 2c'),
    'Field 5 (event_time) of echo.v1.SayRequest has wire type 3 where 2 belongs, at byte 0.',
  ],
  [
    'a varint in a list of messages',
    hex('18 00'),
    'Field 3 (parts) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 0.',
  ],
  [
    'a varint in a map',
    hex('10 00'),
    'Field 2 (labels) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 0.',
  ],
  [
    'a varint in a map key',
    hex('12 02 08 00'),
    'The key of field 2 (labels) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 2.',
  ],
  [
    'a varint in a map value',
    hex('5a 02 10 00'),
    'The value of field 11 (named_parts) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 2.',
  ],
  [
    'a string in a double',
    hex('3a 00'),
    'Field 7 (fraction) of echo.v1.SayRequest has wire type 2 where 1 belongs, at byte 0.',
  ],
  [
    'a varint in bytes',
    hex('50 00'),
    'Field 10 (payload) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 0.',
  ],
  [
    'a varint in a member of a oneof',
    hex('40 00'),
    'Field 8 (first) of echo.v1.SayRequest has wire type 0 where 2 belongs, at byte 0.',
  ],
  [
    'a fixed32 in a list of int32',
    hex('25 00000000'),
    'Field 4 (numbers) of echo.v1.SayRequest has wire type 5 where 0 belongs, at byte 0.',
  ],
  ['a packed list that ends within a number', hex('22 02 01 80'), `${passesEnd}, at byte 4.`],
];

/** Kinds of fields that echo.v1 does not have. */
export const malformedKinds: readonly MalformedRow[] = [
  ['packed doubles that do not divide', hex('62 0c 000000000000000000000000'), `${passesEnd}, at byte 10.`],
  [
    'a varint in a list of strings',
    hex('58 00'),
    'Field 11 (texts) of kinds.v1.Kinds has wire type 0 where 2 belongs, at byte 0.',
  ],
  ['a broken string in a list', hex('5a 01 ff'), 'Field 11 (texts) of kinds.v1.Kinds is not UTF-8, at byte 0.'],
  [
    'a string in an enum',
    hex('52 00'),
    'Field 10 (colour) of kinds.v1.Kinds has wire type 2 where 0 belongs, at byte 0.',
  ],
  [
    'a fixed64 in a fixed32',
    hex('41 0000000000000000'),
    'Field 8 (fixed32) of kinds.v1.Kinds has wire type 1 where 5 belongs, at byte 0.',
  ],
  [
    'messages 100 levels below the message',
    nest(14, 100),
    'Messages are nested more than 100 levels deep, at byte 234.',
  ],
];

/** Known groups. */
export const malformedGroups: readonly MalformedRow[] = [
  [
    'a length where a group belongs',
    hex('0a 00'),
    'Field 1 (one) of groups.v1.Groups has wire type 2 where 3 belongs, at byte 0.',
  ],
  ['a known group without an end', hex('0b 10 01'), `${passesEnd}, at byte 3.`],
  ['a known group that ends as another', hex('0b 14'), 'Field 2 ends a group that is not open there, at byte 1.'],
  [
    'a broken string in a known group',
    hex('0b 0a 01 ff 0c'),
    'Field 1 (name) of groups.v1.Groups.One is not UTF-8, at byte 1.',
  ],
  ['a known group that ends twice', hex('0b 0c 0c'), 'Field 1 ends a group that is not open there, at byte 2.'],
];
