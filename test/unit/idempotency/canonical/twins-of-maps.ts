import type { TwinRow } from './twin-row.ts';
import { concat, delimited, hex, text } from './wire.ts';

const entry = (key: string, value: string) => delimited(2, text(1, key), text(2, value));

/** Maps of echo.v1.SayRequest. */
export const mapTwins: readonly TwinRow[] = [
  ['map entries in another order', concat(entry('a', '1'), entry('b', '2')), concat(entry('b', '2'), entry('a', '1'))],
  [
    'keys that look like numbers',
    concat(entry('02', ''), entry('10', ''), entry('9', '')),
    concat(entry('9', ''), entry('10', ''), entry('02', '')),
  ],
  [
    'a key that begins another',
    concat(entry('', ''), entry('a', ''), entry('a\0', ''), entry('ab', '')),
    concat(entry('ab', ''), entry('a\0', ''), entry('a', ''), entry('', '')),
  ],
  // By UTF-16 code units, U+1F600 would come before U+FF5E.
  [
    'keys beyond the basic plane, by bytes',
    concat(entry('z', ''), entry('ä', ''), entry('\uff5e', ''), entry('\u{1f600}', '')),
    concat(entry('\u{1f600}', ''), entry('ä', ''), entry('\uff5e', ''), entry('z', '')),
  ],
  [
    'keys that sort by locale elsewhere',
    concat(entry('I', ''), entry('i', ''), entry('İ', ''), entry('ı', '')),
    concat(entry('ı', ''), entry('i', ''), entry('İ', ''), entry('I', '')),
  ],
  [
    'names of object members',
    concat(entry('__proto__', 'a'), entry('constructor', 'b')),
    concat(entry('constructor', 'b'), entry('__proto__', 'a')),
  ],
  ['a key given twice', entry('a', '2'), concat(entry('a', '1'), entry('a', '2'))],
  [
    'a key given twice, the second time without value',
    entry('a', ''),
    concat(entry('a', '1'), delimited(2, text(1, 'a'))),
  ],
  ['value before key', entry('a', '1'), delimited(2, text(2, '1'), text(1, 'a'))],
  [
    'key and value given twice in one entry',
    entry('a', '1'),
    delimited(2, text(1, 'b'), text(2, '2'), text(2, '1'), text(1, 'a')),
  ],
  ['an entry without key', entry('', '1'), delimited(2, text(2, '1'))],
  ['an entry without value', entry('a', ''), delimited(2, text(1, 'a'))],
  ['an entry without anything', entry('', ''), delimited(2)],
  ['a message entry without value', delimited(11, text(1, 'a'), delimited(2)), delimited(11, text(1, 'a'))],
  [
    'a message entry in pieces',
    delimited(11, text(1, 'a'), delimited(2, text(1, 'b'), text(2, 'c'))),
    delimited(11, delimited(2, text(2, 'c')), text(1, 'a'), delimited(2, text(1, 'b'))),
  ],
  [
    'a message entry given twice, which replaces and does not merge',
    delimited(11, text(1, 'a'), delimited(2, text(1, 'b'))),
    concat(
      delimited(11, text(1, 'a'), delimited(2, text(2, 'c'))),
      delimited(11, text(1, 'a'), delimited(2, text(1, 'b'))),
    ),
  ],
  [
    'numbered entries by encoded key',
    hex('72 04 08 02 12 00 72 05 08 8001 12 00 72 0d 08 ffffffffffffffffff01 12 00'),
    hex('72 0d 08 ffffffffffffffffff01 12 00 72 05 08 8001 12 00 72 04 08 02 12 00'),
  ],
  [
    'one numbered key in two encodings',
    hex('72 05 08 01 12 01 62'),
    hex('72 05 08 01 12 01 61 72 08 08 81 80 80 00 12 01 62'),
  ],
];
