/** Bytes that must be refused, and the reason that must be given. */
export type MalformedRow = readonly [title: string, bytes: Uint8Array, reason: string];
