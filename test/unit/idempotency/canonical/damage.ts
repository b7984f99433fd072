import fc from 'fast-check';

/** One change of some bytes, where the same place is meant relative to the length. */
const anyChange = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.integer({ min: 0, max: 3 }),
  inserted: fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0x0c), Uint8Array.of(0x80)),
  ),
});

/** Bytes with up to three places changed: close enough to a message to get past the first check. */
export function anyDamaged(anyBytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(anyBytes, fc.array(anyChange, { minLength: 1, maxLength: 3 })).map(([bytes, changes]) => {
    const damaged = [...bytes];
    for (const { place, removed, inserted } of changes) {
      damaged.splice(Math.floor(place * damaged.length), removed, ...inserted);
    }
    return Uint8Array.from(damaged);
  });
}
