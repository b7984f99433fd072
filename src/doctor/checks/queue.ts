import { z } from 'zod';
import { JOB_SCHEMA, tasks } from '../../fulfilment/jobs.ts';
import { counted, readableAge } from '../age.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** A job is taken within milliseconds of its time. After a minute the workers do not keep up; after ten, customers ask. */
const LATE_WARNING_MS = 60_000;
const LATE_FAULT_MS = 10 * 60_000;

/** Workers do hundreds a second: so many due jobs are minutes of work, and ten times that is most of an hour. */
const DUE_WARNING = 10_000;
const DUE_FAULT = 100_000;

/** More are not counted: the number would say nothing new, and the counting would take long. */
const COUNTED_MAX = 200_000;

const count = z.coerce.number();
const rowRule = z.object({
  waiting: count,
  due: count,
  delayed: count,
  running: count,
  oldest_due_ms: count,
  workers: count,
});

const QUERY = `
  with jobs as (
    select run_at, locked_at, attempts < max_attempts as is_alive from ${JOB_SCHEMA}.jobs where task_identifier = $1 limit ${COUNTED_MAX}),
  due as (select run_at from jobs where locked_at is null and is_alive and run_at <= now())
  select (select count(*) from jobs where locked_at is null) as waiting,
    (select count(*) from due) as due,
    (select count(*) from jobs where locked_at is null and run_at > now()) as delayed,
    (select count(*) from jobs where locked_at is not null) as running,
    coalesce((select extract(epoch from now() - min(run_at)) * 1000 from due), 0)::bigint as oldest_due_ms,
    (select count(*) from workers where heartbeat_at >= now() - $2 * interval '1 millisecond') as workers`;

/** Whether orders are processed. A worker is alive if it was heard of within `deadAfterMs`. */
export async function checkQueue(postgres: PostgresPort, deadAfterMs: number): Promise<Remark> {
  const row = await firstRow(postgres.query, rowRule, QUERY, [tasks.processOrder, deadAfterMs]);
  const { oldest_due_ms: oldestDueMs, ...counts } = row;
  const { waiting, due, delayed, running, workers } = counts;
  const facts = { ...counts, oldestDueMs };
  if (workers === 0) {
    const advice = 'start one: `npm run worker`, or `npm run serve` with FULFILMENT_ENABLED=true';
    return waiting + running > 0
      ? fault(`${counted(waiting + running, 'order')} in the queue, and no worker is alive`, advice, facts)
      : warning('no worker is alive: orders would stay PENDING', advice, facts);
  }
  const text = `${counted(workers, 'worker')}; ${due} due, ${delayed} delayed, ${running} running`;
  const advice = 'run more workers, or raise FULFILMENT_CONCURRENCY; see whether steps are slow';
  if (oldestDueMs > LATE_FAULT_MS || due > DUE_FAULT) {
    return fault(`${counted(due, 'job')} due, the oldest for ${readableAge(oldestDueMs)}`, advice, facts);
  }
  return oldestDueMs > LATE_WARNING_MS || due > DUE_WARNING
    ? warning(`${counted(due, 'job')} due, the oldest for ${readableAge(oldestDueMs)}`, advice, facts)
    : ok(text, facts);
}
