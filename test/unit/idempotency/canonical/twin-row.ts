/** A message in its canonical form, and another encoding of the same message. */
export type TwinRow = readonly [title: string, canonical: Uint8Array, twin: Uint8Array];
