import { sql } from 'kysely';
import type { CommitResult, LedgerEntry } from '../idempotency/index.ts';
import type { Order } from '../orders/order.ts';
import type { OrderQuery, OrderReader, OrderWriter } from '../orders/ports.ts';
import type { Database } from './database.ts';
import type { PostgresLedger } from './ledger.ts';
import { labelsToJson } from './schemas/labels-type.ts';
import { type OrderItemRow, type OrderRow, OrderSchema } from './schemas/order-schema.ts';

/** Orders in PostgreSQL: read through MikroORM's entities, placed by one statement. */
export class OrderRepository implements OrderReader, OrderWriter<LedgerEntry, CommitResult> {
  readonly #database: Database;
  readonly #ledger: PostgresLedger;

  constructor(database: Database, ledger: PostgresLedger) {
    this.#database = database;
    this.#ledger = ledger;
  }

  /** Places an order if its ledger entry is new: entry, order and items are one statement, and so one transaction. */
  async place(order: Order, entry: LedgerEntry): Promise<CommitResult> {
    const { items, total } = order;
    const statement = sql`
      with entry as (${this.#ledger.entryInsert(entry)}),
      placed as (
        insert into orders (
          order_id, customer_id, state, currency, total_units, total_nanos, note, labels, created_at, updated_at, record_id)
        select
          ${order.orderId}::uuid, ${order.customerId}, ${order.state}, ${total.currency}, ${total.units}::bigint,
          ${total.nanos}::integer, ${order.note}, ${labelsToJson(order.labels)}::jsonb, ${order.createTime}::timestamptz,
          ${order.updateTime}::timestamptz, id
        from entry),
      placed_items as (
        insert into order_items (order_id, position, sku, quantity, price_units, price_nanos)
        select ${order.orderId}::uuid, item.position - 1, item.sku, item.quantity, item.units, item.nanos
        from entry, unnest(
          ${items.map(({ sku }) => sku)}::text[],
          ${items.map(({ quantity }) => quantity)}::integer[],
          ${items.map(({ unitPrice }) => String(unitPrice.units))}::bigint[],
          ${items.map(({ unitPrice }) => unitPrice.nanos)}::integer[]
        ) with ordinality as item (sku, quantity, units, nanos, position))
      select id from entry`;
    return await this.#ledger.commit(entry, (connection) => statement.execute(connection));
  }

  async find(orderId: string): Promise<Order | undefined> {
    const row = await this.#database.read((entityManager) =>
      entityManager.findOne(OrderSchema, { orderId }, { populate: ['items'] }),
    );
    return row === null ? undefined : toOrder(row);
  }

  async list({ customerId, states, limit, beforeOrderId }: OrderQuery): Promise<readonly Order[]> {
    const where = {
      customerId,
      ...(states.length > 0 && { state: { $in: [...states] } }),
      ...(beforeOrderId !== undefined && { orderId: { $lt: beforeOrderId } }),
    };
    const options = {
      populate: ['items'] as const,
      strategy: 'select-in' as const,
      orderBy: { orderId: 'desc' as const },
      limit,
    };
    const rows = await this.#database.read((entityManager) => entityManager.find(OrderSchema, where, options));
    return rows.map(toOrder);
  }
}

function toOrder(row: OrderRow): Order {
  const { currency } = row;
  const items = row.items.getItems().sort((one, other) => one.position - other.position);
  return {
    orderId: row.orderId,
    customerId: row.customerId,
    items: items.map((item: OrderItemRow) => ({
      sku: item.sku,
      quantity: item.quantity,
      unitPrice: { currency, units: item.priceUnits, nanos: item.priceNanos },
    })),
    total: { currency, units: row.totalUnits, nanos: row.totalNanos },
    state: row.state,
    note: row.note,
    labels: row.labels,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}
