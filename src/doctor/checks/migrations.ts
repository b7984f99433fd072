import { z } from 'zod';
import { migrations } from '../../database/migrations/migrations.ts';
import type { PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

const rowsRule = z.array(z.object({ name: z.string() }));
const thereRule = z.tuple([z.object({ there: z.boolean() })]);

/** Whether the schema is the one that this version was written for. */
export async function checkMigrations(postgres: PostgresPort): Promise<Remark> {
  const expected = migrations.map(({ name }) => name);
  const applied = await appliedIn(postgres);
  const missing = expected.filter((name) => !applied.includes(name));
  const unknown = applied.filter((name) => !expected.includes(name));
  const facts = { applied, missing, unknown };
  if (missing.length > 0) {
    return fault(`not applied: ${missing.join(', ')}`, 'run `npm run migrate`', facts);
  }
  return unknown.length === 0
    ? ok(`all ${expected.length} are applied`, facts)
    : warning(
        `unknown: ${unknown.join(', ')}`,
        'this is an older version on the schema of a newer one: run the newer one',
        facts,
      );
}

async function appliedIn(postgres: PostgresPort): Promise<readonly string[]> {
  const [{ there }] = thereRule.parse(
    await postgres.query(`select to_regclass('schema_migrations') is not null as there`),
  );
  return there
    ? rowsRule.parse(await postgres.query('select name from schema_migrations order by name')).map(({ name }) => name)
    : [];
}
