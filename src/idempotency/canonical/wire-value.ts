import { WireType } from '@bufbuild/protobuf/wire';
import type { Varint } from './varint.ts';
import type { WireWriter } from './wire-writer.ts';

/** A value as it stands on the wire, without its tag and length: a varint, or bytes (also the inside of a group). */
export type WireValue = Varint | Uint8Array;

/** Writes a tag and a value, with the length or the end tag that the wire type asks for. */
export function writeField(writer: WireWriter, number: number, wireType: number, value: WireValue): void {
  writer.writeTag(number, wireType);
  writeValue(writer, wireType, value);
  if (wireType === WireType.StartGroup) {
    writer.writeTag(number, WireType.EndGroup);
  }
}

/** Writes a value and, where the wire type asks for one, its length. */
export function writeValue(writer: WireWriter, wireType: number, value: WireValue): void {
  if (!(value instanceof Uint8Array)) {
    writer.writeVarint(value.low, value.high);
  } else if (wireType === WireType.LengthDelimited) {
    writer.writeDelimited(value);
  } else {
    writer.writeBytes(value);
  }
}

/** Whether two values of one type have the same bits. */
export function isSameValue(one: WireValue, other: WireValue): boolean {
  if (one instanceof Uint8Array) {
    return (
      other instanceof Uint8Array &&
      one.byteLength === other.byteLength &&
      one.every((byte, index) => byte === other[index])
    );
  }
  return !(other instanceof Uint8Array) && one.low === other.low && one.high === other.high;
}
