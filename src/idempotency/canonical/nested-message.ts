import { WireType } from '@bufbuild/protobuf/wire';
import type { Exclusions } from './exclusions.ts';
import { type FieldIdentity, requireWireType } from './field-content.ts';
import type { MessageContent } from './message-content.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A field whose values are messages (the entries of a map are). */
export interface MessageField extends FieldIdentity {
  /** Whether they stand between two tags (a proto2 group, or DELIMITED in an edition) instead of behind their length. */
  readonly isGroup: boolean;
}

/** Reads a message, whose tag was just read, into `content`. */
export function absorbNested(reader: WireReader, field: MessageField, wireType: number, content: MessageContent): void {
  requireWireType(reader, field, wireType, field.isGroup ? WireType.StartGroup : WireType.LengthDelimited);
  reader.descend();
  if (field.isGroup) {
    content.absorb(reader, field.number);
  } else {
    const outerLimit = reader.narrow();
    content.absorb(reader);
    reader.widen(outerLimit);
  }
  reader.ascend();
}

/** Writes a message with its tag and its length or end tag. */
export function writeNested(
  writer: WireWriter,
  field: MessageField,
  content: MessageContent,
  exclusions: Exclusions | undefined,
): void {
  if (field.isGroup) {
    writer.writeTag(field.number, WireType.StartGroup);
    content.write(writer, exclusions);
    writer.writeTag(field.number, WireType.EndGroup);
  } else {
    writer.writeTag(field.number, WireType.LengthDelimited);
    const start = writer.beginDelimited();
    content.write(writer, exclusions);
    writer.endDelimited(start);
  }
}
