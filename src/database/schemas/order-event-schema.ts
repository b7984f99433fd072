import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { OrderState } from '../../orders/order.ts';
import { FIRST_SEQUENCE, FIRST_STATE, STATE_REASON_CHARACTERS_MAX, transitions } from '../../orders/transitions.ts';
import { OrderSchema } from './order-schema.ts';

const allowedSteps = [`>${FIRST_STATE}`, ...transitions.map(({ from, to }) => `${from}>${to}`)];

/** Every change of every order, in the words of the table of transitions. */
export const OrderEventSchema = defineEntity({
  name: 'OrderEventRow',
  tableName: 'order_events',
  properties: {
    order: () => p.manyToOne(OrderSchema).primary().fieldName('order_id').deleteRule('cascade'),
    sequence: p.integer().primary(),
    previousState: p.text().$type<OrderState>().nullable(),
    state: p.text().$type<OrderState>(),
    reason: p.text(),
    occurredAt: p.datetime(3),
    /** The place in its trace at which it came to be, as W3C's `traceparent`. */
    traceParent: p.text().nullable(),
    /** In the order in which the relay has seen them; null until then. */
    number: p.bigint().nullable(),
  },
  checks: [
    {
      name: 'order_events_sequence_check',
      expression: `sequence >= ${FIRST_SEQUENCE} and (sequence = ${FIRST_SEQUENCE}) = (previous_state is null)`,
    },
    {
      name: 'order_events_transition_check',
      expression: `coalesce(previous_state, '') || '>' || state in (${allowedSteps.map((step) => `'${step}'`).join(', ')})`,
    },
    { name: 'order_events_trace_parent_check', expression: 'char_length(trace_parent) <= 55' },
    { name: 'order_events_reason_check', expression: `char_length(reason) <= ${STATE_REASON_CHARACTERS_MAX}` },
  ],
  uniques: [{ name: 'order_events_number_index', properties: ['number'] }],
  indexes: [
    {
      name: 'order_events_unnumbered_index',
      properties: ['occurredAt', 'order', 'sequence'],
      where: 'number is null',
    },
  ],
});

export type OrderEventRow = InferEntity<typeof OrderEventSchema>;

/** One row: how far the relay has come with numbering and with publishing. */
export const EventRelaySchema = defineEntity({
  name: 'EventRelayRow',
  tableName: 'event_relay',
  properties: {
    id: p.smallint().primary().autoincrement(false),
    lastNumber: p.bigint(),
    publishedNumber: p.bigint(),
    publishedAt: p.datetime(3).nullable(),
  },
  checks: [
    { name: 'event_relay_id_check', expression: 'id = 1' },
    { name: 'event_relay_published_number_check', expression: 'published_number <= last_number' },
  ],
});
