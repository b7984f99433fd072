import { z } from 'zod';
import { JOB_SCHEMA, tasks } from '../fulfilment/jobs.ts';
import type { Database } from './database.ts';

/** What the database says of how things go. Ages are in seconds, and 0 where there is nothing that has one. */
export interface VitalSigns {
  /** As PostgreSQL estimates it; undefined before the first vacuum. */
  readonly ledgerRows: number | undefined;
  /** Of the entry that expires first. */
  readonly ledgerOldestAge: number;
  /** For how long the clean-up should have deleted what is there. */
  readonly ledgerOverdue: number;
  readonly jobsDue: number;
  readonly jobsDelayed: number;
  readonly jobsRunning: number;
  /** For how long the oldest due job has waited. */
  readonly oldestJobAge: number;
  readonly deadLetters: number;
  readonly workers: number;
  readonly eventsBehind: number;
  /** Of the oldest event that is behind. */
  readonly eventLag: number;
}

export interface VitalSignsOptions {
  /** How long an expired ledger entry is remembered. */
  readonly memoryMs: number;
  /** A worker that was not heard of for so long is dead. */
  readonly deadAfterMs: number;
  /** Whether events go into a stream; otherwise they are behind only until they are numbered. */
  readonly isPublishing: boolean;
}

/** More are not counted: the number would say nothing new, and the counting would take long. */
const COUNTED_MAX = 100_000;

/**
 * $1  how long an expired ledger entry is remembered, in milliseconds
 * $2  how long a worker may not be heard of, in milliseconds
 * $3  whether events go into a stream
 */
const READ_VITAL_SIGNS = `
  with jobs as materialized (
    select run_at, locked_at, attempts < max_attempts as is_alive from ${JOB_SCHEMA}.jobs
    where task_identifier = '${tasks.processOrder}' limit ${COUNTED_MAX}),
  due as (select run_at from jobs where locked_at is null and is_alive and run_at <= now()),
  first_entry as (select created_at, expires_at from idempotency_keys order by expires_at limit 1),
  unnumbered as (
    select occurred_at from order_events where number is null order by occurred_at limit ${COUNTED_MAX}),
  unpublished as (
    select occurred_at from order_events, event_relay
    where $3::boolean and number > published_number order by number limit ${COUNTED_MAX}),
  behind as materialized (select occurred_at from unnumbered union all select occurred_at from unpublished)
  select
    (select nullif(reltuples, -1) from pg_class where oid = 'idempotency_keys'::regclass) as "ledgerRows",
    (select extract(epoch from now() - created_at) from first_entry) as "ledgerOldestAge",
    (select extract(epoch from now() - expires_at) - $1::double precision / 1000 from first_entry) as "ledgerOverdue",
    (select count(*) from due) as "jobsDue",
    (select count(*) from jobs where locked_at is null and run_at > now()) as "jobsDelayed",
    (select count(*) from jobs where locked_at is not null) as "jobsRunning",
    (select extract(epoch from now() - min(run_at)) from due) as "oldestJobAge",
    (select count(*) from dead_letters) as "deadLetters",
    (select count(*) from workers where heartbeat_at >= now() - $2::double precision * interval '1 millisecond') as workers,
    (select count(*) from behind) as "eventsBehind",
    (select extract(epoch from now() - min(occurred_at)) from behind) as "eventLag"`;

/** Clocks of several processes differ: nothing is younger than now. */
const age = z.coerce
  .number()
  .nullable()
  .transform((seconds) => Math.max(0, seconds ?? 0));
const count = z.coerce.number();

const vitalSignsRule = z.tuple([
  z.object({
    ledgerRows: z.coerce
      .number()
      .nullable()
      .transform((rows) => rows ?? undefined),
    ledgerOldestAge: age,
    ledgerOverdue: age,
    jobsDue: count,
    jobsDelayed: count,
    jobsRunning: count,
    oldestJobAge: age,
    deadLetters: count,
    workers: count,
    eventsBehind: count,
    eventLag: age,
  }),
]);

/** Some milliseconds, whatever there is. @throws DatabaseError */
export async function readVitalSigns(
  database: Database,
  { memoryMs, deadAfterMs, isPublishing }: VitalSignsOptions,
): Promise<VitalSigns> {
  const rows = await database.readPrepared({
    name: 'read_vital_signs',
    text: READ_VITAL_SIGNS,
    values: [memoryMs, deadAfterMs, isPublishing],
  });
  const [signs] = vitalSignsRule.parse(rows);
  return signs;
}

/** So many orders are looked at, which takes about a tenth of a second. */
const AUDITED_MAX = 100_000;

/** $1  the time to live of a record, in milliseconds: after it, a derived key may be used for another order */
const COUNT_DOUBLED = `
  select count(*) as doubled from (
    select record_id from (select record_id, created_at from orders order by order_id desc limit ${AUDITED_MAX}) as latest
    group by record_id
    having count(*) > 1 and max(created_at) - min(created_at) < $1::double precision * interval '1 millisecond') as doubled`;

const doubledRule = z.tuple([z.object({ doubled: count })]);

/** How many records have more than one order, among the latest 100,000 orders: what must never be. @throws DatabaseError */
export async function countDoubled(database: Database, timeToLiveMs: number): Promise<number> {
  const rows = await database.readPrepared({ name: 'count_doubled', text: COUNT_DOUBLED, values: [timeToLiveMs] });
  const [{ doubled }] = doubledRule.parse(rows);
  return doubled;
}
