import { WireType } from '@bufbuild/protobuf/wire';
import type { Varint } from './varint.ts';
import type { Tag, WireReader } from './wire-reader.ts';
import type { WireValue } from './wire-value.ts';

/**
 * A field that the message type does not know: a newer client sent it. It is kept, because it tells two requests apart.
 * Its varint or length is written in the fewest bytes; the inside of a group or a length-delimited value is opaque.
 */
export interface UnknownField extends Tag {
  readonly value: WireValue;
}

/** Reads the value of an unknown field whose tag was read. The caller sees to end tags. */
export function readUnknownField(reader: WireReader, tag: Tag): UnknownField {
  const value = tag.wireType === WireType.StartGroup ? readGroup(reader, tag.number) : readValue(reader, tag.wireType);
  return { number: tag.number, wireType: tag.wireType, value };
}

/** Reads up to the end tag of group `number`. Returns what stands before it, checked for nesting and otherwise unread. */
function readGroup(reader: WireReader, number: number): Uint8Array {
  const start = reader.position;
  const open = [number];
  let end = start;
  reader.descend();
  while (open.length > 0) {
    end = reader.position;
    const tag = reader.readTag();
    if (tag.wireType === WireType.StartGroup) {
      open.push(tag.number);
      reader.descend();
    } else if (tag.wireType === WireType.EndGroup) {
      if (tag.number !== open.pop()) {
        reader.failAtTag(`field ${tag.number} ends a group that is not open there`);
      }
      reader.ascend();
    } else {
      readValue(reader, tag.wireType);
    }
  }
  return reader.between(start, end);
}

function readValue(reader: WireReader, wireType: number): Varint | Uint8Array {
  switch (wireType) {
    case WireType.Varint:
      return reader.readVarint();
    case WireType.LengthDelimited:
      return reader.readDelimited();
    case WireType.Bit64:
      return reader.readFixed(8);
    default:
      return reader.readFixed(4);
  }
}
