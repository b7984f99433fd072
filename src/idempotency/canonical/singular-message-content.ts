import type { Exclusions } from './exclusions.ts';
import type { FieldContent } from './field-content.ts';
import { MessageContent, type MessagePlan } from './message-content.ts';
import { absorbNested, type MessageField, writeNested } from './nested-message.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A message field: several occurrences are merged. It has presence: an empty message is not the same as none. */
export class SingularMessageContent implements FieldContent {
  readonly field: MessageField;
  private readonly message: MessageContent;

  constructor(field: MessageField, plan: MessagePlan) {
    this.field = field;
    this.message = new MessageContent(plan);
  }

  absorb(reader: WireReader, wireType: number): void {
    absorbNested(reader, this.field, wireType, this.message);
  }

  write(writer: WireWriter, exclusions: Exclusions | undefined): void {
    writeNested(writer, this.field, this.message, exclusions);
  }
}
