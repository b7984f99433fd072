import type { Exclusions } from './exclusions.ts';
import type { FieldContent } from './field-content.ts';
import { MessageContent, type MessagePlan } from './message-content.ts';
import { absorbNested, type MessageField, writeNested } from './nested-message.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/** A repeated message field: every occurrence is one more message, in the order in which they came. */
export class MessageListContent implements FieldContent {
  readonly field: MessageField;
  private readonly plan: MessagePlan;
  private readonly messages: MessageContent[] = [];

  constructor(field: MessageField, plan: MessagePlan) {
    this.field = field;
    this.plan = plan;
  }

  absorb(reader: WireReader, wireType: number): void {
    const message = new MessageContent(this.plan);
    absorbNested(reader, this.field, wireType, message);
    this.messages.push(message);
  }

  write(writer: WireWriter, exclusions: Exclusions | undefined): void {
    for (const message of this.messages) {
      writeNested(writer, this.field, message, exclusions);
    }
  }
}
