import { describe, expect, test } from '@jest/globals';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { groups, kinds, sayRequest } from './message-types.ts';
import { fieldTwins } from './twins-of-fields.ts';
import { groupsTwins, kindsTwins } from './twins-of-kinds.ts';
import { mapTwins } from './twins-of-maps.ts';
import { unknownFieldTwins } from './twins-of-unknown-fields.ts';
import { toHex } from './wire.ts';

describe.each([
  { type: sayRequest, table: [...fieldTwins, ...mapTwins, ...unknownFieldTwins] },
  { type: kinds, table: kindsTwins },
  { type: groups, table: groupsTwins },
])('two encodings of one $type.typeName have one canonical form', ({ type, table }) => {
  const { canonicalize } = createCanonicalizer(type, []);

  test.each(table)('%s', (_title, canonical, twin) => {
    expect(toHex(canonicalize(twin).message)).toBe(toHex(canonical));
    expect(toHex(canonicalize(canonical).message)).toBe(toHex(canonical));
  });
});

test('the bytes that came are left as they were, and nothing that is returned is part of them', () => {
  const bytes = Uint8Array.from([0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62]);
  const { message } = createCanonicalizer(sayRequest, []).canonicalize(bytes);
  expect(toHex(bytes)).toBe('0a01610a0162');
  bytes.fill(0);
  expect(toHex(message)).toBe('0a0162');
});

test('bytes that stand within a larger buffer are read alone', () => {
  const pool = Buffer.from('ffff0a0161ffff', 'hex');
  const { message } = createCanonicalizer(sayRequest, []).canonicalize(pool.subarray(2, 5));
  expect(toHex(message)).toBe('0a0161');
});
