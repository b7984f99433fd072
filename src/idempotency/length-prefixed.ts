/**
 * UTF-8 of a text behind its length in four bytes, so that texts hashed one after the other cannot be cut differently:
 * ("ab", "c") and ("a", "bc") differ.
 */
export function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const prefixed = Buffer.allocUnsafe(4 + bytes.length);
  prefixed.writeUInt32BE(bytes.length, 0);
  bytes.copy(prefixed, 4);
  return prefixed;
}
