import { z } from 'zod';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark } from '../remark.ts';

/** What PostgreSQL must do before it says that something is committed: an answer that was given must be kept (P7). */
const names = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

const rowRule = z.object({ fsync: z.string(), full_page_writes: z.string(), synchronous_commit: z.string() });

/** Whether a commit is on the disk when PostgreSQL says so, with the settings of our role and database. */
export async function checkDurability(postgres: PostgresPort): Promise<Remark> {
  const settings = await firstRow(
    postgres.query,
    rowRule,
    `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`,
  );
  const off = names.filter((name) => settings[name] === 'off');
  return off.length === 0
    ? ok('what is committed is on the disk', settings)
    : fault(
        `${off.join(', ')} off: orders can be lost (P7)`,
        'turn on what is off; a crash of the machine can take answered orders, or all',
        { ...settings, off },
      );
}
