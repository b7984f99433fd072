import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { DeleteSome, Remains } from '../fulfilment/clean-up.ts';
import { orderStates } from '../orders/order.ts';
import { isFinal } from '../orders/transitions.ts';
import type { Database } from './database.ts';

export interface RemainsOptions {
  /** How long an expired ledger entry is remembered. */
  readonly memoryMs: number;
  /** How long the events of orders that have come to their end are kept. */
  readonly eventRetentionMs: number;
}

const finalStates = orderStates.filter(isFinal);

/**
 * What is left behind in PostgreSQL, oldest first. Rows that somebody else holds are left to the next time. A job that has come to
 * its end is deleted by the queue, and a worker that has died by whoever finds it dead.
 */
export function remainsIn(database: Database, { memoryMs, eventRetentionMs }: RemainsOptions): readonly Remains[] {
  return [
    { name: 'ledgerEntries', begin: () => deleteExpiredEntries(database, memoryMs) },
    { name: 'events', begin: () => (limit) => count(database, oldEvents(eventRetentionMs, limit)) },
  ];
}

/**
 * Each batch begins where the one before has ended: while an old transaction is open, the index keeps entries of what was deleted,
 * and a scan from its beginning would read all of them again (docs/decisions/0014).
 */
function deleteExpiredEntries(database: Database, memoryMs: number): DeleteSome {
  let last: string | undefined;
  return async (limit) => {
    const { rows } = await database.run((connection) => expiredEntries(memoryMs, last, limit).execute(connection));
    const [row] = deletedRule.parse(rows);
    last = row.last ?? last;
    return row.count;
  };
}

function expiredEntries(memoryMs: number, last: string | undefined, limit: number): RawBuilder<unknown> {
  return sql`
    with deleted as (
      delete from idempotency_keys where ctid = any(array(
        select ctid from idempotency_keys
        where expires_at <= now() - ${memoryMs} * interval '1 millisecond'
          ${last === undefined ? sql`` : sql`and expires_at >= ${last}::timestamptz`}
        order by expires_at limit ${limit} for update skip locked))
      returning expires_at)
    select count(*)::integer as count, max(expires_at)::text as last from deleted`;
}

/** Only what was published, if anything ever was; and only of orders that nobody works on any more. */
function oldEvents(retentionMs: number, limit: number): RawBuilder<unknown> {
  return sql`
    with old as (
      select order_id, order_events.sequence from order_events join orders using (order_id)
      where number <= (select case when published_at is null then last_number else published_number end from event_relay)
        and occurred_at <= now() - ${retentionMs} * interval '1 millisecond'
        and orders.state in (${sql.join(finalStates)})
        and orders.updated_at <= now() - ${retentionMs} * interval '1 millisecond'
        and not exists (select from dead_letters where dead_letters.order_id = orders.order_id)
      order by number limit ${limit} for update of order_events skip locked),
    deleted as (
      delete from order_events using old
      where order_events.order_id = old.order_id and order_events.sequence = old.sequence
      returning order_events.order_id),
    steps as (delete from order_steps using deleted where order_steps.order_id = deleted.order_id)
    select count(*)::integer as count from deleted`;
}

const deletedRule = z.tuple([z.object({ count: z.number(), last: z.string().nullable() })]);
const countRule = z.tuple([z.object({ count: z.number() })]);

async function count(database: Database, statement: RawBuilder<unknown>): Promise<number> {
  const { rows } = await database.run((connection) => statement.execute(connection));
  return countRule.parse(rows)[0].count;
}
