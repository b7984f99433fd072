import type { TwinRow } from './twin-row.ts';
import { concat, delimited, hex, text, varint } from './wire.ts';

/** Known fields of echo.v1.SayRequest. */
export const fieldTwins: readonly TwinRow[] = [
  ['fields in another order', concat(text(1, 'a'), text(12, 'b')), concat(text(12, 'b'), text(1, 'a'))],
  [
    'a list between other fields',
    concat(text(1, 'a'), delimited(3), delimited(3, text(1, 'b'))),
    concat(delimited(3), text(1, 'a'), delimited(3, text(1, 'b'))),
  ],
  ['a replacement character and a byte order mark', text(1, '\ufeff\ufffd'), hex('0a 86 00 efbbbf efbfbd')],
  ['a string given twice', text(1, 'b'), concat(text(1, 'a'), text(1, 'b'))],
  ['an empty string written out', hex(''), text(1, '')],
  ['a string that is emptied again', hex(''), concat(text(1, 'a'), text(1, ''))],
  ['empty bytes written out', hex(''), delimited(10)],
  ['a zero double written out', hex(''), hex('39 0000000000000000')],
  ['a zero fixed64 written out', hex(''), hex('69 0000000000000000')],
  ['a default in a nested message', delimited(3), delimited(3, text(1, ''))],
  ['an empty packed list', hex(''), delimited(4)],
  ['numbers one by one', hex('22 03 01 02 03'), hex('20 01 20 02 20 03')],
  ['numbers packed in pieces', hex('22 03 01 02 03'), hex('22 02 01 02 22 00 22 01 03')],
  ['numbers packed and one by one', hex('22 03 01 02 03'), hex('20 01 22 01 02 20 03')],
  ['an overlong number', hex('22 01 01'), hex('20 81 80 80 00')],
  ['an overlong zero in a list, which is kept', hex('22 01 00'), hex('20 80 80 80 80 80 80 80 80 80 00')],
  ['an int32 of -1 in five bytes', hex('22 0a ffffffffffffffffff01'), hex('20 ffffffff0f')],
  ['an int32 with high bits', hex('22 01 05'), hex('20 85 80 80 80 70')],
  ['an overlong tag', text(1, 'a'), hex('8a 80 80 00 01 61')],
  ['a tag in ten bytes', text(1, 'a'), hex('8a 80 80 80 80 80 80 80 80 00 01 61')],
  ['an overlong length', text(1, 'a'), hex('0a 81 00 61')],
  ['an overlong length of a message', delimited(3, text(1, 'a')), hex('1a 83 80 00 0a 01 61')],
  [
    'a message in pieces',
    delimited(5, varint(1, 7), varint(2, 9)),
    concat(delimited(5, varint(2, 9)), delimited(5, varint(1, 7))),
  ],
  [
    'a message in pieces that replace each other',
    delimited(5, varint(1, 8)),
    concat(delimited(5, varint(1, 7)), delimited(5), delimited(5, varint(1, 8))),
  ],
  ['a message whose default is written out', delimited(5), delimited(5, varint(1, 0), varint(2, 0))],
  [
    'a message in pieces with unknown fields',
    delimited(5, varint(1, 7), varint(8, 1), varint(9, 1)),
    concat(delimited(5, varint(9, 1)), delimited(5, varint(8, 1), varint(1, 7))),
  ],
  ['the last member of a oneof', text(8, 'a'), concat(delimited(9, text(1, 'b')), text(8, 'a'))],
  [
    'the last member of a oneof, a message',
    delimited(9, text(1, 'b')),
    concat(text(8, 'a'), delimited(9, text(1, 'b'))),
  ],
  [
    'a oneof whose message comes in pieces',
    delimited(9, text(1, 'a'), text(2, 'b')),
    concat(delimited(9, text(2, 'b')), delimited(9, text(1, 'a'))),
  ],
  [
    'a oneof whose message was replaced in between',
    delimited(9, text(1, 'a')),
    concat(delimited(9, text(2, 'b')), text(8, ''), delimited(9, text(1, 'a'))),
  ],
];
