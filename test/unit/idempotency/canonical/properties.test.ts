import { isDeepStrictEqual } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCanonicalizer } from '../../../../src/idempotency/canonical/canonicalizer.ts';
import { SayRequest } from '../../../generated/echo/v1/echo_service.ts';
import { anyRequest, anyUnknownFields, encodeRequest } from './arbitrary-request.ts';
import { Dice } from './dice.ts';
import { sayRequest } from './message-types.ts';
import { canonicalOrRefusal } from './refusal.ts';
import { scramble } from './scramble.ts';
import { toHex } from './wire.ts';

const seed = 20_311_117;
const parameters = { seed, numRuns: 500 };
const anySeed = fc.integer();
const fieldNames = [
  'text',
  'labels',
  'parts',
  'numbers',
  'eventTime',
  'requestTime',
  'fraction',
  'choice',
  'payload',
  'namedParts',
  'nickname',
  'serial',
  'numbered',
] as const;
const { canonicalize } = createCanonicalizer(sayRequest, ['request_time', 'parts.trace']);

describe(`any request (seed ${seed})`, () => {
  test('has one canonical form, however it is encoded', () => {
    fc.assert(
      fc.property(anyRequest, anyUnknownFields, anySeed, (request, unknownFields, diceSeed) => {
        const bytes = encodeRequest(request, unknownFields);
        const twin = scramble(sayRequest, bytes, new Dice(diceSeed));
        const one = canonicalize(bytes);
        const other = canonicalize(twin);
        expect(toHex(other.message)).toBe(toHex(one.message));
        expect(toHex(other.fingerprinted)).toBe(toHex(one.fingerprinted));
      }),
      parameters,
    );
  });

  test('is in canonical form already after the first time', () => {
    fc.assert(
      fc.property(anyRequest, anyUnknownFields, (request, unknownFields) => {
        const { message, fingerprinted } = canonicalize(encodeRequest(request, unknownFields));
        expect(toHex(canonicalize(message).message)).toBe(toHex(message));
        expect(toHex(canonicalize(message).fingerprinted)).toBe(toHex(fingerprinted));
        expect(toHex(canonicalize(fingerprinted).message)).toBe(toHex(fingerprinted));
      }),
      parameters,
    );
  });

  test('means to both decoders what it meant before, also when its twin came', () => {
    fc.assert(
      fc.property(anyRequest, anyUnknownFields, anySeed, (request, unknownFields, diceSeed) => {
        const bytes = encodeRequest(request, unknownFields);
        const { message } = canonicalize(scramble(sayRequest, bytes, new Dice(diceSeed)));
        expect(SayRequest.decode(message)).toEqual(request);
        expect(fromBinary(sayRequest, message)).toEqual(fromBinary(sayRequest, bytes));
      }),
      parameters,
    );
  });

  test('differs from a request that differs in one field', () => {
    const anyField = fc.constantFrom(...fieldNames);
    fc.assert(
      fc.property(anyRequest, anyRequest, anyField, (request, source, field) => {
        const changed = { ...request, [field]: source[field] };
        const isSameForm =
          toHex(canonicalize(encodeRequest(request)).message) === toHex(canonicalize(encodeRequest(changed)).message);
        expect(isSameForm).toBe(isDeepStrictEqual(request, changed));
      }),
      parameters,
    );
  });

  test('fingerprinted without the excluded fields is the request that never had them', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const parts = request.parts.map((part) => ({ ...part, trace: '' }));
        const bare = encodeRequest({ ...request, requestTime: undefined, parts });
        expect(toHex(canonicalize(encodeRequest(request)).fingerprinted)).toBe(toHex(canonicalize(bare).message));
      }),
      parameters,
    );
  });

  test('cut short anywhere is refused or is another request', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const bytes = encodeRequest(request);
        const whole = toHex(canonicalize(bytes).message);
        const forms = [...bytes.keys()].map((length) => canonicalOrRefusal(canonicalize, bytes.subarray(0, length)));
        expect(forms.indexOf(whole)).toBe(-1);
      }),
      { seed, numRuns: 50 },
    );
  });
});
