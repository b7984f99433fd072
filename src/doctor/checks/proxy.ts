import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { firstRow, type PostgresPort, type Query } from '../ports.ts';
import { fault, ok, type Remark } from '../remark.ts';
import { UnreachableError } from '../trouble.ts';

const markRule = z.object({ mark: z.string().nullable(), process_id: z.number() });
const limitRule = z.object({ limit_ms: z.coerce.number() });

const MARK = 'order_service.doctor';
const READ_MARK = `select current_setting('${MARK}', true) as mark, pg_backend_pid() as process_id`;

const ADVICE =
  'let DATABASE_URL lead to PostgreSQL itself: the service has a pool of its own, and does not start behind another';

/** How PgBouncer says that it does not pass on what every connection of ours begins with. */
const REFUSED_PARAMETER = /unsupported startup parameter/i;

/**
 * Whether a connection is a session. A proxy that pools by transaction gives each statement another one: locks, limits and
 * notifications, which job queue, events and calls stand on, would come loose without an error.
 * @param statementTimeoutMs what every connection asks for as it begins
 */
export async function checkProxy(postgres: PostgresPort, statementTimeoutMs: number): Promise<Remark> {
  try {
    return await postgres.session(async (query) => {
      const { limit_ms } = await firstRow(
        query,
        limitRule,
        `select setting as limit_ms from pg_settings where name = 'statement_timeout'`,
      );
      if (limit_ms !== statementTimeoutMs) {
        return fault('a proxy drops the limits that connections begin with', ADVICE, {
          droppedParameter: 'statement_timeout',
        });
      }
      return (await isOneSession(query, postgres))
        ? ok('every connection is a session of its own', { isSession: true })
        : fault('a proxy pools by transaction: sessions do not last', ADVICE, { isSession: false });
    });
  } catch (error) {
    if (error instanceof UnreachableError && REFUSED_PARAMETER.test(error.message)) {
      return fault('a proxy refuses the limits that connections begin with', ADVICE, { refused: error.message });
    }
    throw error;
  }
}

/** Leaves a mark in the session, lets another connection of ours take the server's away, if it can, and looks for the mark. */
async function isOneSession(query: Query, postgres: PostgresPort): Promise<boolean> {
  const mark = randomUUID();
  const before = await firstRow(
    query,
    markRule,
    `select set_config('${MARK}', $1, false) as mark, pg_backend_pid() as process_id`,
    [mark],
  );
  return await postgres.session(async (other) => {
    await other('begin read only');
    try {
      const strange = await firstRow(other, markRule, READ_MARK);
      const after = await firstRow(query, markRule, READ_MARK);
      return strange.mark !== mark && after.mark === mark && after.process_id === before.process_id;
    } finally {
      await other('rollback');
    }
    // The others wait for the connection that we hold: no time to wait for a second one.
  }, 0);
}
