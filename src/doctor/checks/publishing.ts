import { z } from 'zod';
import { counted, readableAge } from '../age.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** A Redis that is away is tried each second, and ten thousand events a second are caught up: after that, it is away. */
const LATE_WARNING_MS = 30_000;
const LATE_FAULT_MS = 10 * 60_000;

const rowRule = z.object({
  behind: z.coerce.number(),
  oldest_ms: z.coerce.number(),
  last: z.string(),
  published: z.string(),
});

const QUERY = `
  select last_number - published_number as behind, last_number::text as last, published_number::text as published,
    coalesce((
      select greatest(0, extract(epoch from now() - occurred_at) * 1000) from order_events
      where number > published_number order by number limit 1), 0)::bigint as oldest_ms
  from event_relay`;

/**
 * Whether what is numbered gets into the stream.
 * @param streamLengthMax events further back than that are never published: the stream would drop them at once
 */
export async function checkPublishing(postgres: PostgresPort, streamLengthMax: number): Promise<Remark> {
  const { behind, oldest_ms: oldestMs, last, published } = await firstRow(postgres.query, rowRule, QUERY);
  const facts = { behind, oldestMs, lastNumber: last, publishedNumber: published };
  if (behind === 0) {
    return ok(`all ${Number(last).toLocaleString('en')} are in the stream`, facts);
  }
  const text = `${counted(behind, 'event')} behind, the oldest ${readableAge(oldestMs)}`;
  if (behind > streamLengthMax) {
    return fault(
      `${counted(behind, 'event')} behind, more than the stream keeps`,
      'consumers will miss some: bring Redis back, then let them read PostgreSQL for the gap',
      facts,
    );
  }
  const advice = 'see what is said of Redis and of the leader; nothing is lost, it is caught up';
  if (oldestMs > LATE_FAULT_MS) {
    return fault(text, advice, facts);
  }
  return oldestMs > LATE_WARNING_MS ? warning(text, advice, facts) : ok(text, facts);
}
