import { z } from 'zod';
import { tasks } from '../../fulfilment/jobs.ts';
import { counted, readableAge } from '../age.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** The clean-up runs each minute: rows that have waited for ten were left by several runs. A day means that there are none. */
const OVERDUE_WARNING_MS = 10 * 60_000;
const OVERDUE_FAULT_MS = 24 * 60 * 60_000;

/** More are not counted: at 10 million rows that would take long. */
const COUNTED_MAX = 100_000;

const rowRule = z.object({ rows: z.coerce.number(), overdue_ms: z.coerce.number() });
const QUERY = `
  select count(*) as rows,
    coalesce(extract(epoch from now() - min(expires_at)) * 1000 - $1, 0)::bigint as overdue_ms
  from (
    select expires_at from idempotency_keys where expires_at <= now() - $1 * interval '1 millisecond'
    order by expires_at limit ${COUNTED_MAX + 1}) as forgotten`;

const lastRunRule = z.object({ last_run: z.date().nullable() });
/** The queue keeps when it last started what it starts by the clock. */
const LAST_RUN = `
  select max(last_execution) as last_run from graphile_worker._private_known_crontabs where identifier = $1`;

/** Whether ledger entries that are no longer remembered are deleted. */
export async function checkLedger(postgres: PostgresPort, memoryMs: number): Promise<Remark> {
  const { rows, overdue_ms: overdueMs } = await firstRow(postgres.query, rowRule, QUERY, [memoryMs]);
  const lastRun = await lastCleanUp(postgres);
  const facts = { forgotten: rows, isMore: rows > COUNTED_MAX, overdueMs, lastCleanUp: lastRun?.toISOString() ?? null };
  const seen = lastRun === undefined ? 'not seen' : `at ${lastRun.toISOString().slice(0, 19)}Z`;
  if (rows === 0) {
    return ok(`no row is overdue; last clean-up ${seen}`, facts);
  }
  const many = rows > COUNTED_MAX ? `over ${COUNTED_MAX.toLocaleString('en')} rows` : counted(rows, 'row');
  const text = `${many} overdue for ${readableAge(overdueMs)}`;
  const advice = `workers clean up each minute (last ${seen}): see that one runs, raise CLEAN_UP_BATCH_ROWS`;
  if (overdueMs > OVERDUE_FAULT_MS) {
    return fault(text, advice, facts);
  }
  return overdueMs > OVERDUE_WARNING_MS ? warning(text, advice, facts) : ok(text, facts);
}

/** @returns undefined if there was none, or if it is not ours to see */
async function lastCleanUp(postgres: PostgresPort): Promise<Date | undefined> {
  try {
    return (await firstRow(postgres.query, lastRunRule, LAST_RUN, [tasks.cleanUp])).last_run ?? undefined;
  } catch {
    return undefined;
  }
}
