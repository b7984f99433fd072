import { createHash } from 'node:crypto';
import { entryColumns, insertEntries } from '../../src/database/ledger-statement.ts';
import { orderRow, PLACE_ORDERS } from '../../src/database/placement-statement.ts';
import type { Order } from '../../src/orders/order.ts';

/** The service's own statement, but that every order is new: the ledger is neither asked nor written. */
export function placeWithoutLedger(): string {
  return without(
    without(PLACE_ORDERS, insertEntries('placements'), 'select id from placements'),
    entryColumns,
    'id bytea',
  );
}

function without(text: string, part: string, instead: string): string {
  if (!text.includes(part)) {
    throw new Error(`the statement that places orders has no more ${part}: the benchmark must follow it`);
  }
  return text.replace(part, instead);
}

/** The parameters of that statement. Orders have the id of their record also here. */
export function withoutLedger(orders: readonly { readonly order: Order; readonly key: string }[]): string[] {
  const rows = orders.map(({ order, key }) => ({
    id: `\\x${createHash('sha256').update(key).digest('hex')}`,
    ...orderRow(order),
  }));
  return [JSON.stringify(rows), '1s', '1s'];
}
