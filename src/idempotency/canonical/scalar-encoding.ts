import { isUtf8 } from 'node:buffer';
import { ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { extendSign, keepAllBits, keepLowHalf, keepTruth, type VarintRule, zeroVarint } from './varint.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireValue } from './wire-value.ts';

/** How one scalar type is read from the wire. Its values have one form: two values are equal if their bits are. */
export interface ScalarEncoding {
  readonly wireType: WireType;
  /** Proto3's default. */
  readonly zero: WireValue;
  /** Reads a value. The label tells in an error sentence whose value it is. */
  readonly read: (reader: WireReader, label: string) => WireValue;
}

/**
 * Floating point numbers are compared as bits: 0.0 and -0.0 are different, and so are two kinds of NaN.
 * Text must be UTF-8 also where proto2 would let it pass, as no JavaScript string can hold anything else.
 */
const encodings: Readonly<Record<ScalarType, ScalarEncoding>> = {
  [ScalarType.INT32]: varintEncoding(extendSign),
  [ScalarType.INT64]: varintEncoding(keepAllBits),
  [ScalarType.UINT32]: varintEncoding(keepLowHalf),
  [ScalarType.UINT64]: varintEncoding(keepAllBits),
  [ScalarType.SINT32]: varintEncoding(keepLowHalf),
  [ScalarType.SINT64]: varintEncoding(keepAllBits),
  [ScalarType.BOOL]: varintEncoding(keepTruth),
  [ScalarType.FIXED32]: fixedEncoding(4),
  [ScalarType.SFIXED32]: fixedEncoding(4),
  [ScalarType.FLOAT]: fixedEncoding(4),
  [ScalarType.FIXED64]: fixedEncoding(8),
  [ScalarType.SFIXED64]: fixedEncoding(8),
  [ScalarType.DOUBLE]: fixedEncoding(8),
  [ScalarType.BYTES]: delimitedEncoding((reader) => reader.readDelimited()),
  [ScalarType.STRING]: delimitedEncoding(readText),
};

/** The encoding of a scalar type. Enums are INT32: the numbers they do not know are kept, those of closed enums too. */
export function scalarEncoding(type: ScalarType): ScalarEncoding {
  return encodings[type];
}

function varintEncoding(rule: VarintRule): ScalarEncoding {
  return { wireType: WireType.Varint, zero: zeroVarint, read: (reader) => rule(reader.readVarint()) };
}

function fixedEncoding(size: 4 | 8): ScalarEncoding {
  return {
    wireType: size === 4 ? WireType.Bit32 : WireType.Bit64,
    zero: new Uint8Array(size),
    read: (reader) => reader.readFixed(size),
  };
}

function delimitedEncoding(read: ScalarEncoding['read']): ScalarEncoding {
  return { wireType: WireType.LengthDelimited, zero: new Uint8Array(0), read };
}

function readText(reader: WireReader, label: string): Uint8Array {
  const text = reader.readDelimited();
  return isUtf8(text) ? text : reader.failAtTag(`${label} is not UTF-8`);
}
