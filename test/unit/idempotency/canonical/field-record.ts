import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Dice } from './dice.ts';
import { concat } from './wire.ts';

/** One field as it stands on the wire. */
export interface FieldRecord {
  readonly number: number;
  readonly wireType: WireType;
  /** Without tag and length. */
  readonly value: Uint8Array;
}

/** Cuts a valid message into its fields. */
export function readRecords(bytes: Uint8Array): FieldRecord[] {
  const reader = new BinaryReader(bytes);
  const records: FieldRecord[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const value = wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType, number);
    records.push({ number, wireType, value });
  }
  return records;
}

/** Writes a field, with tag, length and varint sometimes longer than need be. */
export function writeRecord({ number, wireType, value }: FieldRecord, dice: Dice): Uint8Array {
  const tag = padVarint(new BinaryWriter().tag(number, wireType).finish(), dice);
  switch (wireType) {
    case WireType.LengthDelimited:
      return concat(tag, padVarint(new BinaryWriter().uint32(value.byteLength).finish(), dice), value);
    case WireType.Varint:
      return concat(tag, padVarint(value, dice));
    default:
      return concat(tag, value);
  }
}

/** The same varint in up to ten bytes. */
export function padVarint(varint: Uint8Array, dice: Dice): Uint8Array {
  if (!dice.once(4)) {
    return varint;
  }
  const padded = new Uint8Array(varint.byteLength + dice.below(11 - varint.byteLength));
  padded.fill(0x80, 0, -1);
  for (const [index, byte] of varint.entries()) {
    padded[index] = index < padded.byteLength - 1 ? byte | 0x80 : byte;
  }
  return padded;
}
