import { create, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import type { SayRequest } from '../../../generated/echo/v1/echo_service.ts';
import { sayRequest } from './message-types.ts';

/** Keys and texts that have broken implementations before, and any other text. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'ab',
    '10',
    '9',
    '02',
    '__proto__',
    'constructor',
    'toString',
    'ä',
    '\uff5e',
    '\u{1f600}',
    '\0',
  ),
  fc.string({ unit: 'binary', maxLength: 150 }),
);
const int32 = fc.oneof(fc.constantFrom(0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
// Null prototypes would make a decoded message unequal to what it was made from.
const plain = { noNullPrototype: true };
const part = fc.record({ name: text, trace: text }, plain);
const anySeconds = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, 1n, -1n));
const timestamp = fc.record({ seconds: anySeconds, nanos: int32 }, plain);

function mapOf<Key, Value>(key: fc.Arbitrary<Key>, value: fc.Arbitrary<Value>): fc.Arbitrary<Map<Key, Value>> {
  return fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => new Map(entries));
}

/** Any request, in the form in which the ts-proto decoder gives it to handlers. */
export const anyRequest: fc.Arbitrary<SayRequest> = fc.record(
  {
    text,
    labels: mapOf(text, text),
    parts: fc.array(part, { maxLength: 5 }),
    numbers: fc.array(int32, { maxLength: 8 }),
    eventTime: fc.option(timestamp, { nil: undefined }),
    requestTime: fc.option(timestamp, { nil: undefined }),
    fraction: fc.double(),
    choice: fc.option(
      fc.oneof(
        text.map((value) => ({ $case: 'first' as const, value })),
        part.map((value) => ({ $case: 'second' as const, value })),
      ),
      { nil: undefined },
    ),
    payload: fc.uint8Array({ maxLength: 200 }),
    namedParts: mapOf(text, part),
    nickname: fc.option(text, { nil: undefined }),
    serial: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    numbered: mapOf(int32, text),
  },
  plain,
);

/** Fields of a newer client, with the numbers in ascending order as in canonical bytes. */
export const anyUnknownFields = fc
  .array(fc.record({ no: fc.integer({ min: 15, max: 2 ** 29 - 1 }), data: fc.uint8Array({ maxLength: 5 }) }), {
    maxLength: 4,
  })
  .map((fields) => fields.toSorted((one, other) => one.no - other.no));

/** Encodes a request with @bufbuild/protobuf, which shares no code with the decoder of ts-proto. */
export function encodeRequest(
  request: SayRequest,
  unknownFields: readonly { no: number; data: Uint8Array }[] = [],
): Uint8Array {
  const { choice } = request;
  const message = create(sayRequest, {
    ...request,
    labels: Object.fromEntries(request.labels),
    namedParts: Object.fromEntries(request.namedParts),
    numbered: Object.fromEntries(request.numbered),
    choice: choice === undefined ? { case: undefined } : { case: choice.$case, value: choice.value },
  });
  message.$unknown = unknownFields.map(({ no, data }) => ({
    no,
    wireType: WireType.LengthDelimited,
    data: Uint8Array.of(data.byteLength, ...data),
  }));
  return toBinary(sayRequest, message);
}
