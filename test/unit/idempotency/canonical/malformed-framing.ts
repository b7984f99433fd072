import type { MalformedRow } from './malformed-row.ts';
import { concat, delimited, endGroup, hex, nestGroups, startGroup, text, varint } from './wire.ts';

const item = delimited(3, text(1, 'behind it'));
const passesEnd = 'A field passes the end of its message';
const lengthPassesEnd = 'A length passes the end of its message';

/** Bytes that cannot be cut into fields, whatever the type of the message (here echo.v1.SayRequest). */
export const malformedFraming: readonly MalformedRow[] = [
  ['a zero tag', hex('00'), 'A field has the number 0, at byte 0.'],
  ['a zero tag that hides an item', concat(text(1, 'id'), hex('00'), item), 'A field has the number 0, at byte 4.'],
  ['a zero tag in a nested message', hex('1a 01 00'), 'A field has the number 0, at byte 2.'],
  ['a zero tag in a map entry', hex('12 01 00'), 'A field has the number 0, at byte 2.'],
  ['field number 0 with a value', hex('02 01 41'), 'A field has the number 0, at byte 0.'],
  ['a field number above 2^29 - 1', hex('80 80 80 80 10 00'), 'A field has a number above 2^29 - 1, at byte 0.'],
  ['a known field number, plus 2^29', hex('8a 80 80 80 10 01 41'), 'A field has a number above 2^29 - 1, at byte 0.'],
  ['wire type 6', hex('0e 00'), 'Field 1 has wire type 6, which does not exist, at byte 0.'],
  ['wire type 7', hex('7f 00'), 'Field 15 has wire type 7, which does not exist, at byte 0.'],
  [
    'a stray end of a group',
    concat(text(1, 'id'), hex('0c'), item),
    'Field 1 ends a group that is not open there, at byte 4.',
  ],
  ['a stray end of a group in a message', hex('1a 01 0c'), 'Field 1 ends a group that is not open there, at byte 2.'],
  ['a stray end of a group in a map entry', hex('12 01 0c'), 'Field 1 ends a group that is not open there, at byte 2.'],
  [
    'a group that ends as another',
    concat(startGroup(50), endGroup(51)),
    'Field 51 ends a group that is not open there, at byte 2.',
  ],
  [
    'groups that overlap',
    concat(startGroup(50), startGroup(51), endGroup(50), endGroup(51)),
    'Field 50 ends a group that is not open there, at byte 4.',
  ],
  ['a group without an end', concat(startGroup(50), varint(1, 1)), `${passesEnd}, at byte 4.`],
  [
    'a group that ends outside its message',
    concat(delimited(3, startGroup(50)), endGroup(50)),
    `${passesEnd}, at byte 4.`,
  ],
  ['a zero tag in a group', concat(startGroup(50), hex('00'), endGroup(50)), 'A field has the number 0, at byte 2.'],
  [
    'a truncated value in a group',
    concat(startGroup(50), hex('0a 05 41'), endGroup(50)),
    `${lengthPassesEnd}, at byte 3.`,
  ],
  [
    'a wire type 6 in a group',
    concat(startGroup(50), hex('0e'), endGroup(50)),
    'Field 1 has wire type 6, which does not exist, at byte 2.',
  ],
  ['a truncated tag', hex('8a'), `${passesEnd}, at byte 1.`],
  ['a tag without a value', hex('0a'), `${passesEnd}, at byte 1.`],
  ['a truncated string', hex('0a 05 41 42'), `${lengthPassesEnd}, at byte 1.`],
  ['a truncated length', hex('0a 80'), `${passesEnd}, at byte 2.`],
  ['a truncated varint', hex('20 80'), `${passesEnd}, at byte 2.`],
  ['a truncated double', hex('39 00 00 00 00 00 00 00'), `${passesEnd}, at byte 1.`],
  ['a truncated unknown fixed32', hex('9d 06 00 00 00'), `${passesEnd}, at byte 2.`],
  ['a truncated unknown fixed64', hex('99 06 00 00 00 00'), `${passesEnd}, at byte 2.`],
  ['a truncated unknown varint', hex('98 06 ff'), `${passesEnd}, at byte 3.`],
  ['a truncated unknown string', hex('9a 06 02 41'), `${lengthPassesEnd}, at byte 2.`],
  ['a string that overruns its message', hex('1a 03 0a 05 41 42 43 44 45'), `${lengthPassesEnd}, at byte 3.`],
  ['a varint that overruns its message', concat(hex('2a 02 08 80'), hex('01')), `${passesEnd}, at byte 4.`],
  ['a fixed32 that overruns its message', hex('1a 03 9d 06 00 00 00 00'), `${passesEnd}, at byte 4.`],
  ['a key that overruns its entry', hex('12 03 0a 04 61 62 63 64'), `${lengthPassesEnd}, at byte 3.`],
  ['a length of 2^32', concat(hex('0a 80 80 80 80 10'), item), `${lengthPassesEnd}, at byte 1.`],
  ['a length of 2^31', concat(hex('0a 80 80 80 80 08'), item), `${lengthPassesEnd}, at byte 1.`],
  ['a varint of eleven bytes', hex('20 ffffffffffffffffffff01'), 'A varint is longer than ten bytes, at byte 1.'],
  ['a tag of eleven bytes', hex('8a80808080808080808000 00'), 'A varint is longer than ten bytes, at byte 0.'],
  [
    'an unknown varint of eleven bytes',
    hex('9806 8080808080808080808000'),
    'A varint is longer than ten bytes, at byte 2.',
  ],
  [
    'groups 100 levels below the message',
    nestGroups(50, 100),
    'Messages are nested more than 100 levels deep, at byte 198.',
  ],
];
