import type { Order } from '../orders/order.ts';
import type { Processor, StepResult } from './processor.ts';

/** An order of this many units of its currency, or more, is not paid for. */
const CHARGE_LIMIT_UNITS = 1_000_000n;

/** So long it takes to make what is made to order. */
const MAKING_MS = 30_000;

const DONE: StepResult = { kind: 'done' };

/**
 * The processor that is used until a team brings its own. It has no effect outside, and what it does depends on the order alone:
 *
 * - an item whose SKU begins with `sold-out` cannot be reserved: REJECTED;
 * - an item whose SKU begins with `made-to-order` can be reserved when the order is 30 seconds old;
 * - a total of 1,000,000 units or more, of whatever currency, is not paid for: REJECTED;
 * - everything else is CONFIRMED at once.
 */
export const defaultProcessor: Processor = {
  steps: [
    { name: 'reserve-stock', run: async ({ order }) => reserveStock(order, Date.now()) },
    { name: 'charge', run: async ({ order }) => charge(order) },
  ],
};

function reserveStock({ items, createTime }: Order, nowMs: number): StepResult {
  const soldOut = items.find(({ sku }) => sku.startsWith('sold-out'));
  if (soldOut !== undefined) {
    return { kind: 'refused', reason: `${soldOut.sku} is sold out` };
  }
  const isMadeToOrder = items.some(({ sku }) => sku.startsWith('made-to-order'));
  const leftMs = createTime.getTime() + MAKING_MS - nowMs;
  return isMadeToOrder && leftMs > 0 ? { kind: 'later', afterMs: leftMs } : DONE;
}

function charge({ total }: Order): StepResult {
  return total.units >= CHARGE_LIMIT_UNITS
    ? { kind: 'refused', reason: `${total.units} ${total.currency} is above the limit of ${CHARGE_LIMIT_UNITS}` }
    : DONE;
}
