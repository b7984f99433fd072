import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { planField } from './field-plan.ts';
import type { FieldPlan, MessagePlan } from './message-content.ts';

/** Prepares a message type, and all types it uses, for reading. */
export function planMessage(root: DescMessage): MessagePlan {
  const plans = new Map<DescMessage, MessagePlan>();

  function planOf(message: DescMessage): MessagePlan {
    const known = plans.get(message);
    if (known !== undefined) {
      return known;
    }
    const inNumberOrder = message.fields.toSorted((one, other) => one.number - other.number);
    const slots = new Map(inNumberOrder.map((field, slot) => [field.number, slot]));
    const fields: FieldPlan[] = [];
    const plan = { fields, slots };
    // Known before its fields are, because a type may contain itself.
    plans.set(message, plan);
    for (const field of inNumberOrder) {
      fields.push({ number: field.number, rivals: rivalSlots(field, slots), create: planField(field, planOf) });
    }
    return plan;
  }

  return planOf(root);
}

function rivalSlots(field: DescField, slots: ReadonlyMap<number, number>): number[] {
  const members = field.oneof?.fields ?? [];
  return members.filter((member) => member !== field).flatMap((member) => slots.get(member.number) ?? []);
}
