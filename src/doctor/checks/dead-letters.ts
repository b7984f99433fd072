import { z } from 'zod';
import { counted, readableAge } from '../age.ts';
import { oneLine } from '../one-line.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { ok, type Remark, warning } from '../remark.ts';

/** So many fit on a screen. */
const SHOWN_MAX = 10;

/** What remains of a line of 80 columns. */
const ERROR_CHARACTERS_MAX = 60;

const countRule = z.object({ count: z.coerce.number() });
const lettersRule = z.array(
  z
    .object({
      order_id: z.string(),
      step: z.string().nullable(),
      failures: z.number(),
      failed_at: z.date(),
      age_ms: z.coerce.number(),
      last_error: z.string(),
    })
    .transform((row) => ({
      orderId: row.order_id,
      step: row.step,
      failures: row.failures,
      since: row.failed_at.toISOString(),
      ageMs: row.age_ms,
      lastError: oneLine(row.last_error, ERROR_CHARACTERS_MAX),
    })),
);

/** The orders that were set aside, for a person to decide. One alone is a customer who waits. */
export async function checkDeadLetters(postgres: PostgresPort): Promise<Remark> {
  const { count } = await firstRow(postgres.query, countRule, 'select count(*) from dead_letters');
  if (count === 0) {
    return ok('no order was set aside', { count, newest: [] });
  }
  const newest = lettersRule.parse(
    await postgres.query(
      `select order_id, step, failures, failed_at, last_error,
         greatest(0, extract(epoch from now() - failed_at) * 1000)::bigint as age_ms
       from dead_letters order by failed_at desc, order_id limit ${SHOWN_MAX}`,
    ),
  );
  return {
    ...warning(
      `${counted(count, 'order')} set aside${count > newest.length ? `; the newest ${newest.length}:` : ':'}`,
      'mend the cause, then `npm run doctor -- --requeue <order-id|all>`',
      { count, newest },
    ),
    lines: newest.flatMap(({ orderId, step, failures, ageMs, lastError }) => [
      `${orderId}  ${step ?? 'no step'}, ${counted(failures, 'failure')}, ${readableAge(ageMs)} ago`,
      `  ${lastError}`,
    ]),
  };
}
