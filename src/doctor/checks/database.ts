import { z } from 'zod';
import { oneLine } from '../one-line.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';
import { UnreachableError } from '../trouble.ts';

const rowRule = z.object({ standby: z.boolean(), read_only: z.boolean() });

/** A call asks the database two or three times: so far away, each would take a noticeable part of a second. */
const FAR_MS = 100;

const ASKED_TIMES = 3;

/** Whether PostgreSQL is there, as configured, and can be written to. */
export async function checkDatabase(postgres: PostgresPort): Promise<Remark> {
  try {
    return await postgres.session(async (query) => {
      const { standby, read_only } = await firstRow(
        query,
        rowRule,
        `select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as read_only`,
      );
      let roundTripMs = Number.POSITIVE_INFINITY;
      for (let times = 0; times < ASKED_TIMES; times += 1) {
        const beganMs = performance.now();
        await query('select 1');
        roundTripMs = Math.min(roundTripMs, performance.now() - beganMs);
      }
      return judge({ isStandby: standby, isReadOnly: read_only, roundTripMs: Number(roundTripMs.toFixed(2)) });
    });
  } catch (error) {
    if (error instanceof UnreachableError) {
      return fault(
        `cannot be reached: ${oneLine(error.message)}`,
        'check DATABASE_URL, and whether PostgreSQL runs; without it nothing works',
      );
    }
    throw error;
  }
}

interface Facts {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly roundTripMs: number;
}

function judge(facts: Facts): Remark {
  if (facts.isStandby) {
    return fault('this is a standby: it cannot be written to', 'let DATABASE_URL name the primary', { ...facts });
  }
  if (facts.isReadOnly) {
    return fault(
      'it is read-only: orders cannot be placed',
      'turn default_transaction_read_only off, for server, database or role',
      { ...facts },
    );
  }
  const text = `can be written to, ${facts.roundTripMs} ms away`;
  return facts.roundTripMs < FAR_MS
    ? ok(text, { ...facts })
    : warning(text, 'run the service closer to its database, or find what is slow between them', { ...facts });
}
