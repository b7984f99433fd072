import { sql } from 'kysely';
import type { CommitResult, LedgerEntry } from '../idempotency/index.ts';
import type { Order } from '../orders/order.ts';
import type { OrderEvent } from '../orders/order-event.ts';
import type { OrderEventReader, OrderQuery, OrderReader, OrderWriter } from '../orders/ports.ts';
import { OrderChangedError } from '../orders/when-unchanged.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';
import type { PostgresLedger } from './ledger.ts';
import { eventInsert, holdOrder, orderUpdate, toOrderEvent } from './order-statement.ts';
import { Placements, type PlacementsOptions } from './placements.ts';
import { OrderEventSchema } from './schemas/order-event-schema.ts';
import { type OrderItemRow, type OrderRow, OrderSchema } from './schemas/order-schema.ts';
import { Turns } from './turns.ts';

/** Orders in PostgreSQL: read through MikroORM's entities, placed by one statement. */
export class OrderRepository implements OrderReader, OrderEventReader, OrderWriter<LedgerEntry, CommitResult> {
  readonly #database: Database;
  readonly #ledger: PostgresLedger;
  readonly #placements: Placements;
  readonly #turns: Turns;

  constructor(database: Database, ledger: PostgresLedger, options: Omit<PlacementsOptions, 'memoryMs'>) {
    this.#database = database;
    this.#ledger = ledger;
    this.#placements = new Placements(database, { ...options, memoryMs: ledger.memoryMs });
    // A change of an order waits for those before it as long here as in the database.
    const { lockTimeoutMs } = options;
    this.#turns = new Turns({
      limitMs: lockTimeoutMs,
      tooLate: () =>
        new DatabaseError(
          'DATABASE_BUSY',
          `The order was held by other calls for ${lockTimeoutMs} ms. Nothing was done. Repeat the call with the same key.`,
          undefined,
          { turnLimitMs: String(lockTimeoutMs) },
        ),
    });
  }

  /** Places an order if its ledger entry is new, together with whatever orders come at the same time. */
  async place(order: Order, entry: LedgerEntry): Promise<CommitResult> {
    return await this.#ledger.underItsKey(entry, () => this.#placements.commit({ order, entry }));
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
      event as (${eventInsert(after, { previousState: before.state, traceParent: entry.outcome.traceParent }, sql`entry`)}),
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
