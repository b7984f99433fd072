import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Dice } from './dice.ts';
import { type FieldRecord, padVarint, readRecords, writeRecord } from './field-record.ts';
import { concat } from './wire.ts';

/**
 * Another encoding of the same message, as another language, an older writer or a proxy that merges messages could have
 * made it: fields permuted, lists packed or not, messages in pieces, values that later ones replace, defaults written out,
 * map entries permuted, repeated and abridged, numbers longer than need be.
 */
export function scramble(message: DescMessage, bytes: Uint8Array, dice: Dice): Uint8Array {
  return concat(...scrambleIntoPieces(message, bytes, dice));
}

/** As `scramble`, but the fields not yet put together: protobuf lets a message be cut at any of them. */
function scrambleIntoPieces(message: DescMessage, bytes: Uint8Array, dice: Dice): Uint8Array[] {
  const sequences = new Map<string, FieldRecord[]>();
  for (const record of readRecords(bytes)) {
    const field = message.fields.find(({ number }) => number === record.number);
    const key = sequenceOf(record, field);
    const earlier = sequences.get(key) ?? (field === undefined ? [] : decoys(record, field, dice));
    sequences.set(key, [...earlier, ...(field === undefined ? [record] : rewrite(record, field, dice))]);
  }
  for (const field of message.fields) {
    if (isOmittedByDefault(field) && !sequences.has(String(field.number)) && dice.once(3)) {
      sequences.set(String(field.number), [defaultRecord(field)]);
    }
  }
  return dice.interleave([...sequences.values()]).map((record) => writeRecord(record, dice));
}

/** Records of one sequence must keep their order; those of different sequences need not. */
function sequenceOf(record: FieldRecord, field: DescField | undefined): string {
  if (field?.fieldKind === 'map') {
    const key = readRecords(record.value).find(({ number }) => number === 1);
    return `${record.number} ${Buffer.from(key?.value ?? []).toString('hex')}`;
  }
  return field?.oneof?.name ?? String(record.number);
}

/** Records that the ones after them replace. */
function decoys(record: FieldRecord, field: DescField, dice: Dice): FieldRecord[] {
  if (!dice.once(3) || field.fieldKind === 'list') {
    return [];
  }
  if (field.oneof !== undefined) {
    const others = field.oneof.fields.filter((member) => member !== field).map(defaultRecord);
    return others.length === 0 ? [] : [record, ...others];
  }
  if (field.fieldKind === 'map') {
    return [{ ...record, value: concat(...keyOnly(record, dice)) }];
  }
  return [field.fieldKind === 'message' ? { ...record, value: new Uint8Array() } : defaultRecord(field)];
}

function rewrite(record: FieldRecord, field: DescField, dice: Dice): FieldRecord[] {
  switch (field.fieldKind) {
    case 'message':
      return dice
        .cut([new Uint8Array(), ...scrambleIntoPieces(field.message, record.value, dice)])
        .map((pieces) => ({ ...record, value: concat(...pieces) }));
    case 'list':
      return field.listKind === 'message'
        ? [{ ...record, value: scramble(field.message, record.value, dice) }]
        : rewriteList(record, field.scalar ?? ScalarType.INT32, dice);
    case 'map':
      return [{ ...record, value: scrambleEntry(record, field, dice) }];
    default:
      return [record];
  }
}

function rewriteList(record: FieldRecord, scalar: ScalarType, dice: Dice): FieldRecord[] {
  const wireType = wireTypeOf(scalar);
  if (wireType === WireType.LengthDelimited) {
    return [record];
  }
  const reader = new BinaryReader(record.value);
  const elements: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    elements.push(reader.skip(wireType));
  }
  return dice.cut(elements).flatMap((piece): FieldRecord[] => {
    if (dice.once(2)) {
      return piece.map((value) => ({ ...record, wireType, value }));
    }
    const padded = piece.map((value) => (wireType === WireType.Varint ? padVarint(value, dice) : value));
    return [{ ...record, value: concat(...padded) }];
  });
}

function scrambleEntry(record: FieldRecord, field: DescField, dice: Dice): Uint8Array {
  const value = readRecords(record.value).find(({ number }) => number === 2);
  let values: FieldRecord[] = [];
  if (value !== undefined && !(isDefault(value) && dice.once(2))) {
    values = field.message === undefined ? [value] : rewriteEntryMessage(value, field.message, dice);
  }
  return concat(...dice.interleave([keyOnly(record, dice), values.map((part) => writeRecord(part, dice))]));
}

function rewriteEntryMessage(value: FieldRecord, message: DescMessage, dice: Dice): FieldRecord[] {
  const pieces = scrambleIntoPieces(message, value.value, dice);
  return dice.cut([new Uint8Array(), ...pieces]).map((some) => ({ ...value, value: concat(...some) }));
}

/** An entry's key, which may be left out if it is the default. */
function keyOnly(record: FieldRecord, dice: Dice): Uint8Array[] {
  const key = readRecords(record.value).find(({ number }) => number === 1);
  return key === undefined || (isDefault(key) && dice.once(2)) ? [] : [writeRecord(key, dice)];
}

/** Whether a string, message, integer or bool is its type's default. */
function isDefault({ wireType, value }: FieldRecord): boolean {
  return value.byteLength === 0 || (wireType === WireType.Varint && value[0] === 0);
}

function isOmittedByDefault(field: DescField): boolean {
  const isSingular = field.fieldKind === 'scalar' || field.fieldKind === 'enum';
  return isSingular && field.presence === FeatureSet_FieldPresence.IMPLICIT;
}

function defaultRecord(field: DescField): FieldRecord {
  const wireType =
    field.fieldKind === 'message' ? WireType.LengthDelimited : wireTypeOf(field.scalar ?? ScalarType.INT32);
  const sizes: Readonly<Partial<Record<WireType, number>>> = {
    [WireType.Varint]: 1,
    [WireType.Bit32]: 4,
    [WireType.Bit64]: 8,
  };
  return { number: field.number, wireType, value: new Uint8Array(sizes[wireType] ?? 0) };
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
