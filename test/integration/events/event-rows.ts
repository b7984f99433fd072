import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createTestDatabase } from '../../support/postgres.ts';

/** Orders and their events in a migrated database, written as the service commits them, but by hand. */
export interface EventRows extends AsyncDisposable {
  readonly databaseUrl: string;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Commits so many orders with their first events. @returns their ids */
  place(count: number): Promise<readonly string[]>;
  /** Commits the next event of each of these orders: PROCESSING behind PENDING, CONFIRMED behind PROCESSING. */
  advance(orderIds: readonly string[]): Promise<void>;
  /** The ids of all events in the order of their numbers, each with its number. */
  numbered(): Promise<readonly NumberedId[]>;
  /** A connection for a transaction of the test's own. */
  connect(): Promise<pg.Client>;
  drop(): Promise<void>;
}

export interface NumberedId {
  readonly number: number;
  readonly id: string;
}

const PLACE = `
  with placed as (
    insert into orders (order_id, customer_id, state, state_reason, sequence, currency, total_units, total_nanos, note, labels,
      created_at, updated_at, record_id)
    select id, 'customer', 'PENDING', '', 1, 'EUR', 1, 0, '', '{}', now(), now(), sha256(id::text::bytea)
    from unnest($1::uuid[]) as id returning order_id, created_at)
  insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
  select order_id, 1, null, 'PENDING', '', created_at from placed`;

export const ADVANCE = `
  with held as (
    select order_id, state as previous, case state when 'PENDING' then 'PROCESSING' else 'CONFIRMED' end as next
    from orders where order_id = any($1::uuid[]) order by order_id for update),
  changed as (
    update orders set state = held.next, sequence = sequence + 1, updated_at = greatest(updated_at, now())
    from held where orders.order_id = held.order_id returning orders.*, held.previous)
  insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
  select order_id, sequence, previous, state, '', updated_at from changed`;

export async function createEventRows(): Promise<EventRows> {
  const database = await createTestDatabase();
  const rows = await openEventRows(database.url);
  const drop = async () => {
    await rows.close();
    await database.drop();
  };
  return { ...rows, drop, [Symbol.asyncDispose]: drop };
}

/** What to do with them, by connections of their own. */
async function openEventRows(databaseUrl: string) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  // A server that is stopped under it is part of some tests.
  pool.on('error', () => {});
  const query = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await pool.query(text, [...values])).rows;
  return {
    databaseUrl,
    query,
    place: async (count: number) => {
      const orderIds = Array.from({ length: count }, () => randomUUID());
      await query(PLACE, [orderIds]);
      return orderIds;
    },
    advance: async (orderIds: readonly string[]) => void (await query(ADVANCE, [orderIds])),
    numbered: async () => {
      const found = await query(
        `select number::integer as number, order_id || '/' || sequence as id from order_events where number is not null order by number`,
      );
      return found.map(({ number, id }) => ({ number: Number(number), id: String(id) }));
    },
    connect: async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}
