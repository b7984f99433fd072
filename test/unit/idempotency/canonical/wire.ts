import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Bytes written as hexadecimal digits; blanks are for the reader. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

/** What to see in a failed test. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A string field. */
export function text(number: number, value: string): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).string(value).finish();
}

/** A field with a length: a message, a map entry, a packed list or bytes. */
export function delimited(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return new BinaryWriter()
    .tag(number, WireType.LengthDelimited)
    .bytes(concat(...parts))
    .finish();
}

/** A varint field. */
export function varint(number: number, value: number | bigint): Uint8Array {
  return new BinaryWriter().tag(number, WireType.Varint).uint64(value).finish();
}

export function startGroup(number: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.StartGroup).finish();
}

export function endGroup(number: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.EndGroup).finish();
}

/** `depth` messages within each other, all in field `number`. */
export function nest(number: number, depth: number): Uint8Array {
  let bytes = new Uint8Array();
  for (let level = 0; level < depth; level++) {
    bytes = Uint8Array.from(delimited(number, bytes));
  }
  return bytes;
}

/** `depth` groups within each other. */
export function nestGroups(number: number, depth: number): Uint8Array {
  const levels = Array.from({ length: depth });
  return concat(...levels.map(() => startGroup(number)), ...levels.map(() => endGroup(number)));
}
