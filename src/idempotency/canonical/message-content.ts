import { WireType } from '@bufbuild/protobuf/wire';
import type { Exclusions } from './exclusions.ts';
import type { FieldContent } from './field-content.ts';
import { readUnknownField } from './unknown-field.ts';
import { UnknownFields } from './unknown-fields.ts';
import type { Tag, WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A field of a message type, made ready for reading. */
export interface FieldPlan {
  readonly number: number;
  /** Where the other members of its oneof are in the plan: they are unset when this one is read. */
  readonly rivals: readonly number[];
  create(): FieldContent;
}

/** A message type, made ready for reading. */
export interface MessagePlan {
  /** In number order, which is the order of canonical bytes. */
  readonly fields: readonly FieldPlan[];
  /** Where in `fields` a field number is. */
  readonly slots: ReadonlyMap<number, number>;
}

/** What one message holds, while and after it is read. Read twice, it holds both merged. */
export class MessageContent {
  private readonly plan: MessagePlan;
  private readonly contents: (FieldContent | undefined)[];
  private unknown: UnknownFields | undefined;

  /** @param contents what the fields of the plan hold from the start, in its order */
  constructor(plan: MessagePlan, contents: (FieldContent | undefined)[] = []) {
    this.plan = plan;
    this.contents = contents;
  }

  /**
   * Takes in fields up to the reader's limit, or up to the end tag of the group it stands in.
   *
   * @param group the field number of that group; undefined if the message is not encoded as a group
   */
  absorb(reader: WireReader, group?: number): void {
    while (group !== undefined || !reader.isAtLimit()) {
      const tag = reader.readTag();
      if (tag.wireType !== WireType.EndGroup) {
        this.absorbField(reader, tag);
      } else if (tag.number === group) {
        return;
      } else {
        reader.failAtTag(`field ${tag.number} ends a group that is not open there`);
      }
    }
  }

  /** Writes known fields in number order, then unknown fields in number order. */
  write(writer: WireWriter, exclusions: Exclusions | undefined): void {
    for (const content of this.contents) {
      if (content !== undefined && !exclusions?.whole.has(content.field.number)) {
        content.write(writer, exclusions?.within.get(content.field.number));
      }
    }
    this.unknown?.write(writer);
  }

  private absorbField(reader: WireReader, tag: Tag): void {
    const slot = this.plan.slots.get(tag.number);
    const field = slot === undefined ? undefined : this.plan.fields[slot];
    if (slot === undefined || field === undefined) {
      this.unknown ??= new UnknownFields();
      this.unknown.add(readUnknownField(reader, tag));
      return;
    }
    const content = this.contents[slot] ?? field.create();
    content.absorb(reader, tag.wireType);
    this.contents[slot] = content;
    for (const rival of field.rivals) {
      this.contents[rival] = undefined;
    }
  }
}
