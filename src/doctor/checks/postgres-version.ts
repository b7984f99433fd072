import { z } from 'zod';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark } from '../remark.ts';

const rowRule = z.object({ number: z.coerce.number(), version: z.string() });

/** The job queue needs 12. Nobody maintains 13 any more, and so 14 is the least that we look at. */
const OLDEST_MAJOR = 14;

/** What the tests run on. */
const TESTED_MAJOR = 18;

export async function checkPostgresVersion(postgres: PostgresPort): Promise<Remark> {
  const { number, version } = await firstRow(
    postgres.query,
    rowRule,
    `select current_setting('server_version_num') as number, current_setting('server_version') as version`,
  );
  const major = Math.floor(number / 10_000);
  const facts = { version, major, oldest: OLDEST_MAJOR, tested: TESTED_MAJOR };
  if (major < OLDEST_MAJOR) {
    return fault(
      `PostgreSQL ${version} is too old`,
      `run PostgreSQL ${OLDEST_MAJOR} or later; ${TESTED_MAJOR} is tested`,
      facts,
    );
  }
  return ok(`PostgreSQL ${version}${major === TESTED_MAJOR ? '' : `; tested with ${TESTED_MAJOR}`}`, facts);
}
