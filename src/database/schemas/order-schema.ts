import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { NANOS_PER_UNIT, TOTAL_UNITS_LIMIT } from '../../orders/money.ts';
import { orderStates } from '../../orders/order.ts';
import { FIRST_SEQUENCE, STATE_REASON_CHARACTERS_MAX, unfinishedStates } from '../../orders/transitions.ts';
import { limits } from '../../orders/validation/draft-rule.ts';
import { LabelsType } from './labels-type.ts';

/** Orders. Their states and limits are the domain's, as CHECK constraints. */
export const OrderSchema = defineEntity({
  name: 'OrderRow',
  tableName: 'orders',
  properties: {
    orderId: p.uuid().primary(),
    customerId: p.text(),
    state: p.text().$type<(typeof orderStates)[number]>(),
    currency: p.text(),
    totalUnits: p.bigint(),
    totalNanos: p.integer(),
    note: p.text(),
    labels: p.type(LabelsType),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    sequence: p.integer(),
    stateReason: p.text(),
    /** The record that the order was placed for, to audit that no record has two. Its ledger entry may be gone by now. */
    recordId: p.uint8array(),
    items: () => p.oneToMany(OrderItemSchema).mappedBy('order'),
  },
  checks: [
    {
      name: 'orders_customer_id_check',
      expression: `char_length(customer_id) >= 1 and char_length(customer_id) <= ${limits.customerIdCharactersMax}`,
    },
    { name: 'orders_state_check', expression: `state in (${orderStates.map((state) => `'${state}'`).join(', ')})` },
    { name: 'orders_currency_check', expression: `currency ~ '^[A-Z]{3}$'` },
    { name: 'orders_total_units_check', expression: `total_units >= 0 and total_units < ${TOTAL_UNITS_LIMIT}` },
    { name: 'orders_total_nanos_check', expression: `total_nanos >= 0 and total_nanos < ${NANOS_PER_UNIT}` },
    { name: 'orders_note_check', expression: `char_length(note) <= ${limits.noteCharactersMax}` },
    { name: 'orders_labels_check', expression: `jsonb_typeof(labels) = 'object'` },
    { name: 'orders_updated_at_check', expression: 'updated_at >= created_at' },
    { name: 'orders_record_id_check', expression: 'octet_length(record_id) = 32' },
    { name: 'orders_sequence_check', expression: `sequence >= ${FIRST_SEQUENCE}` },
    { name: 'orders_state_reason_check', expression: `char_length(state_reason) <= ${STATE_REASON_CHARACTERS_MAX}` },
  ],
  // ListOrders reads a customer's orders backwards from an id; later orders have greater ids.
  indexes: [
    { name: 'orders_customer_id_order_id_index', properties: ['customerId', 'orderId'] },
    // What is not final is looked for by whoever asks what is stuck.
    {
      name: 'orders_unfinished_index',
      properties: ['orderId'],
      where: `state in (${unfinishedStates.map((state) => `'${state}'`).join(', ')})`,
    },
  ],
});

export type OrderRow = InferEntity<typeof OrderSchema>;

/** The lines of orders, in the order of the request. Their currency is the order's. */
export const OrderItemSchema = defineEntity({
  name: 'OrderItemRow',
  tableName: 'order_items',
  properties: {
    order: () => p.manyToOne(OrderSchema).primary().fieldName('order_id').deleteRule('cascade'),
    position: p.smallint().primary(),
    sku: p.text(),
    quantity: p.integer(),
    priceUnits: p.bigint(),
    priceNanos: p.integer(),
  },
  checks: [
    { name: 'order_items_position_check', expression: `position >= 0 and position < ${limits.itemsMax}` },
    {
      name: 'order_items_sku_check',
      expression: `char_length(sku) >= 1 and char_length(sku) <= ${limits.skuCharactersMax}`,
    },
    { name: 'order_items_quantity_check', expression: `quantity >= 1 and quantity <= ${limits.quantityMax}` },
    { name: 'order_items_price_units_check', expression: `price_units >= 0 and price_units < ${TOTAL_UNITS_LIMIT}` },
    { name: 'order_items_price_nanos_check', expression: `price_nanos >= 0 and price_nanos < ${NANOS_PER_UNIT}` },
  ],
});

export type OrderItemRow = InferEntity<typeof OrderItemSchema>;
