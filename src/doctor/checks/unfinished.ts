import { z } from 'zod';
import { readableAge } from '../age.ts';
import type { PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** An order becomes PROCESSING as soon as a worker takes it: after five minutes none does, after an hour a customer asks. */
const PENDING_WARNING_MS = 5 * 60_000;
const PENDING_FAULT_MS = 60 * 60_000;

/** A step that fails is tried for about half an hour before the order is set aside; an hour is for a long `later`. */
const PROCESSING_WARNING_MS = 60 * 60_000;
const PROCESSING_FAULT_MS = 24 * 60 * 60_000;

const rowsRule = z.array(
  z.object({ state: z.enum(['PENDING', 'PROCESSING']), order_id: z.string(), age_ms: z.coerce.number() }),
);

/** Orders that were set aside are told of elsewhere, and stand still for good reason. */
const QUERY = `
  select distinct on (state) state, order_id, greatest(0, extract(epoch from now() - updated_at) * 1000)::bigint as age_ms
  from orders where state in ('PENDING', 'PROCESSING')
    and not exists (select from dead_letters where dead_letters.order_id = orders.order_id)
  order by state, updated_at`;

/** The orders that have stood still for the longest. */
export async function checkUnfinished(postgres: PostgresPort): Promise<Remark> {
  const rows = rowsRule.parse(await postgres.query(QUERY));
  const [pending, processing] = (['PENDING', 'PROCESSING'] as const).map((state) => {
    const row = rows.find((one) => one.state === state);
    return row === undefined ? undefined : { orderId: row.order_id, ageMs: row.age_ms };
  });
  const facts = { pending: pending ?? null, processing: processing ?? null };
  const advice = 'see queue and dead-letters, and the log of the workers for the id';
  const lines = Object.entries(facts).flatMap(([state, found]) =>
    found === null ? [] : [`${found.orderId}  ${state.toUpperCase()} for ${readableAge(found.ageMs)}`],
  );
  const text = lines.length === 0 ? 'every order has come to its end' : 'the orders that have waited for the longest:';
  const pendingMs = pending?.ageMs ?? 0;
  const processingMs = processing?.ageMs ?? 0;
  if (pendingMs > PENDING_FAULT_MS || processingMs > PROCESSING_FAULT_MS) {
    return { ...fault(text, advice, facts), lines };
  }
  return pendingMs > PENDING_WARNING_MS || processingMs > PROCESSING_WARNING_MS
    ? { ...warning(text, advice, facts), lines }
    : { ...ok(text, facts), lines };
}
