import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { SayRequest } from '../../../generated/echo/v1/echo_service.ts';
import { anyKindsBytes } from './arbitrary-kinds.ts';
import { anyRequest, encodeRequest } from './arbitrary-request.ts';
import { anyDamaged } from './damage.ts';
import { Dice } from './dice.ts';
import { groups, kinds, sayRequest } from './message-types.ts';
import { canonicalOrRefusal } from './refusal.ts';
import { scramble } from './scramble.ts';
import { hex, toHex } from './wire.ts';

const seed = 20_311_118;
const parameters = { seed, numRuns: 2_000 };
const knownOnly = { readUnknownFields: false };

/** Short strings of tags and small lengths, which are a message more often than bytes of any value are. */
const anyLikelyBytes = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.constantFrom(0, 1, 2, 0x0a, 0x0b, 0x0c, 0x80, 0xff)), {
    maxLength: 12,
  })
  .map((bytes) => Uint8Array.from(bytes));

describe.each([
  { type: sayRequest, what: 'random bytes', anyBytes: fc.oneof(fc.uint8Array(), anyLikelyBytes) },
  {
    type: sayRequest,
    what: 'damaged messages',
    anyBytes: anyDamaged(anyRequest.map((request) => encodeRequest(request))),
  },
  { type: kinds, what: 'random bytes', anyBytes: fc.oneof(fc.uint8Array(), anyLikelyBytes) },
  { type: kinds, what: 'damaged messages', anyBytes: anyDamaged(anyKindsBytes) },
  { type: groups, what: 'random bytes', anyBytes: anyLikelyBytes },
])(`$what taken for $type.typeName (seed ${seed})`, ({ type, anyBytes }) => {
  test('are refused, or are brought into a form that stays and means the same', () => {
    const { canonicalize } = createCanonicalizer(type, []);
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const form = canonicalOrRefusal(canonicalize, bytes);
        seen[form === undefined ? 'refused' : 'accepted']++;
        if (form !== undefined) {
          expect(canonicalOrRefusal(canonicalize, hex(form))).toBe(form);
          expect(fromBinary(type, hex(form), knownOnly)).toEqual(fromBinary(type, bytes, knownOnly));
        }
      }),
      parameters,
    );
    // Both ways were gone often enough to say something.
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(parameters.numRuns / 100);
  });
});

describe(`any kinds.v1.Kinds (seed ${seed})`, () => {
  test('has one canonical form, however it is encoded, and means what it meant', () => {
    const { canonicalize } = createCanonicalizer(kinds, []);
    fc.assert(
      fc.property(anyKindsBytes, fc.integer(), (bytes, diceSeed) => {
        const { message } = canonicalize(bytes);
        expect(toHex(canonicalize(scramble(kinds, bytes, new Dice(diceSeed))).message)).toBe(toHex(message));
        expect(fromBinary(kinds, message)).toEqual(fromBinary(kinds, bytes));
      }),
      { seed, numRuns: 500 },
    );
  });
});

test(`whatever is accepted means the same to the ts-proto decoder (seed ${seed})`, () => {
  const { canonicalize } = createCanonicalizer(sayRequest, []);
  fc.assert(
    fc.property(anyDamaged(anyRequest.map((request) => encodeRequest(request))), (bytes) => {
      const form = canonicalOrRefusal(canonicalize, bytes);
      if (form !== undefined) {
        const again = encodeRequest(SayRequest.decode(hex(form)));
        expect(fromBinary(sayRequest, again)).toEqual(fromBinary(sayRequest, hex(form), knownOnly));
      }
    }),
    parameters,
  );
});
