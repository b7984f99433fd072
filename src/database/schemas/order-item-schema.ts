import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { NANOS_PER_UNIT, TOTAL_UNITS_LIMIT } from '../../orders/money.ts';
import { limits } from '../../orders/validation/draft-rule.ts';
import { OrderSchema } from './order-schema.ts';

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
    { name: 'order_items_sku_check', expression: `char_length(sku) between 1 and ${limits.skuCharactersMax}` },
    { name: 'order_items_quantity_check', expression: `quantity between 1 and ${limits.quantityMax}` },
    { name: 'order_items_price_units_check', expression: `price_units >= 0 and price_units < ${TOTAL_UNITS_LIMIT}` },
    { name: 'order_items_price_nanos_check', expression: `price_nanos >= 0 and price_nanos < ${NANOS_PER_UNIT}` },
  ],
});

export type OrderItemRow = InferEntity<typeof OrderItemSchema>;
