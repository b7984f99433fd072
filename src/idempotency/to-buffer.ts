/** The same bytes as a Buffer, which is what grpc-js, ioredis and generated decoders take; nothing is copied. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
