import { sql } from 'kysely';
import type { CommitResult, LedgerEntry } from '../idempotency/index.ts';
import type { Order } from '../orders/order.ts';
import type { OrderEvent } from '../orders/order-event.ts';
import type { OrderEventReader, OrderQuery, OrderReader, OrderWriter } from '../orders/ports.ts';
import { OrderChangedError } from '../orders/when-unchanged.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';
import type { PostgresLedger } from './ledger.ts';
import { eventInsert, holdOrder, jobInsert, orderUpdate, toOrderEvent } from './order-statement.ts';
import { labelsToJson } from './schemas/labels-type.ts';
import { OrderEventSchema } from './schemas/order-event-schema.ts';
import { type OrderItemRow, type OrderRow, OrderSchema } from './schemas/order-schema.ts';
import { Turns } from './turns.ts';

/** Orders in PostgreSQL: read through MikroORM's entities, placed by one statement. */
export class OrderRepository implements OrderReader, OrderEventReader, OrderWriter<LedgerEntry, CommitResult> {
  readonly #database: Database;
  readonly #ledger: PostgresLedger;
  readonly #turns: Turns;

  /** @param turnLimitMs how long a change of an order waits for those before it */
  constructor(database: Database, ledger: PostgresLedger, { turnLimitMs }: { readonly turnLimitMs: number }) {
    this.#database = database;
    this.#ledger = ledger;
    this.#turns = new Turns({
      limitMs: turnLimitMs,
      tooLate: () =>
        new DatabaseError(
          'DATABASE_BUSY',
          `The order was held by other calls for ${turnLimitMs} ms. Nothing was done. Repeat the call with the same key.`,
          undefined,
          { turnLimitMs: String(turnLimitMs) },
        ),
    });
  }

  /** Places an order if its ledger entry is new: entry, order, items, event and job are one statement, and so one transaction. */
  async place(order: Order, entry: LedgerEntry): Promise<CommitResult> {
    const { items, total } = order;
    const statement = sql`
      with entry as (${this.#ledger.entryInsert(entry)}),
      placed as (
        insert into orders (
          order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels, created_at,
          updated_at, record_id)
        select
          ${order.orderId}::uuid, ${order.customerId}, ${order.state}, ${order.stateReason}, ${order.sequence}::integer,
          ${total.currency}, ${total.units}::bigint, ${total.nanos}::integer, ${order.note}, ${labelsToJson(order.labels)}::jsonb, ${order.createTime}::timestamptz,
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
        ) with ordinality as item (sku, quantity, units, nanos, position)),
      event as (${eventInsert(order, undefined, sql`entry`)})
      select entry.id from entry, ${jobInsert(order.orderId)}`;
    return await this.#ledger.commit(entry, (connection) => statement.execute(connection));
  }

  /**
   * Changes an order if it is still as it was before and its ledger entry is new: entry, order and event are one statement.
   * If its job waits for its time, that has come: what was begun for a cancelled order is undone soon.
   */
  async change(before: Order, after: Order, entry: LedgerEntry): Promise<CommitResult> {
    const { orderId } = before;
    const statement = sql`
      with held as (${holdOrder(before)}),
      entry as (${this.#ledger.entryInsert(entry, sql`held`)}),
      changed as (${orderUpdate(after, sql`entry`)}),
      event as (${eventInsert(after, before.state, sql`entry`)}),
      hastened as (select hasten_order(${orderId}::uuid) as jobs from entry)
      select entry.id, (select jobs from hastened) as jobs from held left join entry on true`;
    let isHeld = true;
    const result = await this.#turns.take(orderId, () =>
      this.#ledger.commit(entry, async (connection) => {
        const { rows } = await statement.execute(connection);
        isHeld = rows.length > 0;
        return { rows: rows.filter(isEntered) };
      }),
    );
    // Not thrown within: an error there that is not the database's would mean that the outcome is unknown.
    if (!isHeld) {
      throw new OrderChangedError(orderId);
    }
    return result;
  }

  async eventsOf(orderId: string, afterSequence: number): Promise<readonly OrderEvent[]> {
    const rows = await this.#database.read((entityManager) =>
      entityManager.find(
        OrderEventSchema,
        { order: orderId, sequence: { $gt: afterSequence } },
        { orderBy: { sequence: 'asc' }, limit: EVENTS_MAX },
      ),
    );
    return rows.map(toOrderEvent);
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

/** An order's life has three events at most: this is a limit for what cannot happen. */
const EVENTS_MAX = 100;

function isEntered(row: unknown): boolean {
  return typeof row === 'object' && row !== null && 'id' in row && row.id !== null;
}

/** An order from its row, whose items must have been read. */
export function toOrder(row: OrderRow): Order {
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
    stateReason: row.stateReason,
    sequence: row.sequence,
    note: row.note,
    labels: row.labels,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}
