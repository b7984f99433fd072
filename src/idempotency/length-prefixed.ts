/**
 * UTF-8 of a text behind its length in four bytes, so that texts hashed one after the other cannot be cut differently:
 * ("ab", "c") and ("a", "bc") differ.
 */
export function lengthPrefixed(text: string): Buffer {
  const length = Buffer.byteLength(text, 'utf8');
  const prefixed = Buffer.allocUnsafe(4 + length);
  prefixed.writeUInt32BE(length, 0);
  prefixed.write(text, 4, 'utf8');
  return prefixed;
}
