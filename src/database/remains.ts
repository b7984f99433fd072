import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { DeleteSome, Remains } from '../fulfilment/clean-up.ts';
import { JOB_KEY_PREFIX } from '../fulfilment/jobs.ts';
import { finalStates } from '../orders/transitions.ts';
import type { Database } from './database.ts';

export interface RemainsOptions {
  /** How long an expired ledger entry is remembered. */
  readonly memoryMs: number;
  /** How long the events of orders that have come to their end are kept. */
  readonly eventRetentionMs: number;
}

/**
 * What is left behind in PostgreSQL, oldest first. Rows that somebody else holds are left to the next time. A job that has come to
 * its end is deleted by the queue, and a worker that has died by whoever finds it dead.
 */
export function remainsIn(database: Database, { memoryMs, eventRetentionMs }: RemainsOptions): readonly Remains[] {
  return [
    { name: 'ledgerEntries', begin: () => deleteExpiredEntries(database, memoryMs) },
    { name: 'events', begin: () => deleteOldEvents(database, eventRetentionMs) },
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
    return { rows: row.count, isMore: row.count === limit };
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

/**
 * Looks through the events in the order of their numbers, which is that of their age, until it comes to one that is not old. Only
 * what was published goes, if anything ever was, and only of orders that nobody works on any more: an order that is being undone
 * still needs its steps.
 */
function deleteOldEvents(database: Database, retentionMs: number): DeleteSome {
  let last = 0n;
  return async (limit) => {
    const { rows } = await database.run((connection) => oldEvents(retentionMs, last, limit).execute(connection));
    const [row] = lookedThroughRule.parse(rows);
    last = row.last ?? last;
    return { rows: row.count, isMore: row.old === limit };
  };
}

function oldEvents(retentionMs: number, last: bigint, limit: number): RawBuilder<unknown> {
  const cutOff = sql`now() - ${retentionMs} * interval '1 millisecond'`;
  return sql`
    with next as (
      select order_id, sequence, number, occurred_at from order_events
      where number > ${last}::bigint
        and number <= (select case when published_at is null then last_number else published_number end from event_relay)
      order by number limit ${limit}),
    old as (select * from next where occurred_at <= ${cutOff}),
    deletable as (
      select old.order_id, old.sequence from old join orders using (order_id)
      where orders.state in (${sql.join(finalStates)}) and orders.updated_at <= ${cutOff}
        and not exists (select from dead_letters where dead_letters.order_id = old.order_id)
        and not exists (select from graphile_worker.jobs where key = ${JOB_KEY_PREFIX} || old.order_id)),
    deleted as (
      delete from order_events using deletable
      where order_events.order_id = deletable.order_id and order_events.sequence = deletable.sequence
      returning order_events.order_id),
    steps as (delete from order_steps using deleted where order_steps.order_id = deleted.order_id)
    select (select count(*)::integer from deleted) as count, (select count(*)::integer from old) as old,
      (select max(number) from old) as last`;
}

const deletedRule = z.tuple([z.object({ count: z.number(), last: z.string().nullable() })]);

const lookedThroughRule = z.tuple([
  z.object({ count: z.number(), old: z.number(), last: z.coerce.bigint().nullable() }),
]);
