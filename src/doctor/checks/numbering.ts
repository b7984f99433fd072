import { z } from 'zod';
import { EVENT_LEAD_LOCK } from '../../database/event-log.ts';
import { counted, readableAge } from '../age.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/**
 * Events are numbered every 100 ms, and a new leader is there within about ten seconds: the server ends the session of one that
 * stands still. Whoever watches orders sees nothing new meanwhile.
 */
const UNNUMBERED_WARNING_MS = 15_000;
const UNNUMBERED_FAULT_MS = 60_000;

const COUNTED_MAX = 100_000;

const rowRule = z.object({ unnumbered: z.coerce.number(), oldest_ms: z.coerce.number(), is_led: z.boolean() });

const QUERY = `
  select count(*) as unnumbered,
    coalesce(greatest(0, extract(epoch from now() - min(occurred_at)) * 1000), 0)::bigint as oldest_ms,
    exists (
      select from pg_locks join pg_database on pg_database.oid = pg_locks.database
      where locktype = 'advisory' and granted and objsubid = 1 and datname = current_database()
        and (classid::bigint << 32) | objid::bigint = $1) as is_led
  from (select occurred_at from order_events where number is null order by occurred_at limit ${COUNTED_MAX + 1}) as unnumbered`;

/** Whether some process gives the events their numbers. */
export async function checkNumbering(postgres: PostgresPort): Promise<Remark> {
  const {
    unnumbered,
    oldest_ms: oldestMs,
    is_led: isLed,
  } = await firstRow(postgres.query, rowRule, QUERY, [EVENT_LEAD_LOCK]);
  const facts = { unnumbered, oldestMs, isLed };
  const advice = isLed
    ? 'see the log of the process that relays the events; restart it if it hangs'
    : 'start a worker: it relays the events too';
  const leader = isLed ? 'a process leads' : 'no process leads';
  const text =
    unnumbered === 0 ? leader : `${leader}; ${counted(unnumbered, 'new event')}, oldest ${readableAge(oldestMs)}`;
  if (oldestMs > UNNUMBERED_FAULT_MS) {
    return fault(text, advice, facts);
  }
  return isLed && oldestMs <= UNNUMBERED_WARNING_MS ? ok(text, facts) : warning(text, advice, facts);
}
