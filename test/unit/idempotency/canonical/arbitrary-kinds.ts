import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { kinds } from './message-types.ts';

const int32 = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.oneof(fc.constantFrom(0n, 1n, -1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

type Init = Readonly<Record<string, unknown>>;

function initAround(anyInner: fc.Arbitrary<Init>): fc.Arbitrary<Init> {
  return fc.record(
    {
      int32,
      int64,
      uint32,
      uint64,
      sint32: int32,
      sint64: int64,
      bool: fc.boolean(),
      fixed32: uint32,
      float: fc.float(),
      colour: int32,
      texts: fc.array(fc.string({ unit: 'binary', maxLength: 5 }), { maxLength: 3 }),
      doubles: fc.array(fc.double(), { maxLength: 3 }),
      colours: fc.array(int32, { maxLength: 3 }),
      inner: anyInner,
      byTruth: fc.array(fc.tuple(fc.boolean(), anyInner), { maxLength: 2 }).map(Object.fromEntries),
      maybe: uint32,
    },
    { requiredKeys: [] },
  );
}

/** Any message of kinds.v1.Kinds, which contains itself, encoded with @bufbuild/protobuf. */
export const anyKindsBytes: fc.Arbitrary<Uint8Array> = initAround(initAround(fc.constant({}))).map((init) =>
  toBinary(kinds, create(kinds, { ...init })),
);
