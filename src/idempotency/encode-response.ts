import { IdempotencyError } from './errors.ts';

/** The encoding of a method's response, from its service definition. */
export type ResponseEncoder = (response: unknown) => Uint8Array;

/**
 * Encodes a response before anything is committed, so that an answer which cannot be sent never follows an effect.
 * @throws IdempotencyError RESPONSE_NOT_ENCODABLE, RESPONSE_TOO_LARGE
 */
export function encodeResponse(
  encode: ResponseEncoder,
  response: unknown,
  method: string,
  bytesMax: number,
): Uint8Array {
  const bytes = encodeOrRefuse(encode, response, method);
  if (bytes.length > bytesMax) {
    throw new IdempotencyError(
      'RESPONSE_TOO_LARGE',
      `The answer of ${method} has ${bytes.length} bytes, and at most ${bytesMax} can be sent. Nothing was done. Ask for less.`,
      { facts: { method, bytes: String(bytes.length), bytesMax: String(bytesMax) } },
    );
  }
  return bytes;
}

function encodeOrRefuse(encode: ResponseEncoder, response: unknown, method: string): Uint8Array {
  try {
    return encode(response);
  } catch (cause) {
    throw new IdempotencyError(
      'RESPONSE_NOT_ENCODABLE',
      `The answer of ${method} cannot be encoded. Nothing was done.`,
      { cause },
    );
  }
}
