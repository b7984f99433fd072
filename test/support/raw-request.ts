/** A request that is already bytes, right or wrong. */
export interface RawRequest {
  readonly rawBytes: Buffer;
}

/** @param hex the bytes in hex; blanks are for the reader */
export function rawRequest(hex: string): RawRequest {
  return { rawBytes: Buffer.from(hex.replaceAll(' ', ''), 'hex') };
}
