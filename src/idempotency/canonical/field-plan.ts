import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { DelimitedListContent } from './delimited-list-content.ts';
import type { FieldContent } from './field-content.ts';
import { MapContent, type MapEntryPlan } from './map-content.ts';
import type { MessagePlan } from './message-content.ts';
import { MessageListContent } from './message-list-content.ts';
import { PackedListContent } from './packed-list-content.ts';
import { ScalarContent } from './scalar-content.ts';
import { scalarEncoding } from './scalar-encoding.ts';
import { SingularMessageContent } from './singular-message-content.ts';

type PlanOf = (message: DescMessage) => MessagePlan;
type FieldOfKind<Kind extends DescField['fieldKind']> = Extract<DescField, { fieldKind: Kind }>;

/** Gives what makes the content of a field, for when the field is seen for the first time in its message. */
export function planField(field: DescField, planOf: PlanOf): () => FieldContent {
  const { number } = field;
  const label = labelOf(field);
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum': {
      const encoding = scalarEncoding(field.scalar ?? ScalarType.INT32);
      const defaultValue = field.presence === FeatureSet_FieldPresence.IMPLICIT ? 'omitted' : 'written';
      return () => new ScalarContent({ number, label }, encoding, defaultValue);
    }
    case 'message': {
      const plan = planOf(field.message);
      return () => new SingularMessageContent({ number, label, isGroup: field.delimitedEncoding }, plan);
    }
    case 'list':
      return planList(field, planOf);
    case 'map': {
      const entry = planMapEntry(field, planOf);
      return () => new MapContent({ number, label, isGroup: false }, entry);
    }
  }
}

function planList(field: FieldOfKind<'list'>, planOf: PlanOf): () => FieldContent {
  const identity = { number: field.number, label: labelOf(field) };
  if (field.listKind === 'message') {
    const plan = planOf(field.message);
    return () => new MessageListContent({ ...identity, isGroup: field.delimitedEncoding }, plan);
  }
  const encoding = scalarEncoding(field.scalar ?? ScalarType.INT32);
  return encoding.wireType === WireType.LengthDelimited
    ? () => new DelimitedListContent(identity, encoding)
    : () => new PackedListContent(identity, encoding);
}

function planMapEntry(field: FieldOfKind<'map'>, planOf: PlanOf): MapEntryPlan {
  const keyEncoding = scalarEncoding(field.mapKey);
  const keyField = { number: 1, label: `the key of ${labelOf(field)}` };
  const createKey = () => new ScalarContent(keyField, keyEncoding, 'written');
  const createValue = planMapValue(field, planOf);
  const message = {
    fields: [
      { number: 1, rivals: [], create: createKey },
      { number: 2, rivals: [], create: createValue },
    ],
    slots: new Map([
      [1, 0],
      [2, 1],
    ]),
  };
  return { message, createKey, createValue };
}

function planMapValue(field: FieldOfKind<'map'>, planOf: PlanOf): () => FieldContent {
  const valueField = { number: 2, label: `the value of ${labelOf(field)}`, isGroup: false };
  if (field.mapKind === 'message') {
    const plan = planOf(field.message);
    return () => new SingularMessageContent(valueField, plan);
  }
  const encoding = scalarEncoding(field.scalar ?? ScalarType.INT32);
  return () => new ScalarContent(valueField, encoding, 'written');
}

function labelOf(field: DescField): string {
  return `field ${field.number} (${field.name}) of ${field.parent.typeName}`;
}
