import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { JOB_SCHEMA } from '../../fulfilment/jobs.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

const thereRule = z.object({ there: z.boolean() });
const rowRule = z.object({ newest: z.number().nullable(), breaking: z.number().nullable() });

/** The package has one numbered file for each version of its schema; it tells the newest nowhere else. */
export function expectedJobSchema(): number {
  const entry = createRequire(import.meta.url).resolve('graphile-worker');
  const files = readdirSync(new URL('../sql/', pathToFileURL(entry)));
  return Math.max(...files.map((name) => Number.parseInt(name, 10)).filter(Number.isInteger));
}

/** Whether the job queue's schema is there, in the version that the installed package expects. */
export async function checkJobSchema(postgres: PostgresPort): Promise<Remark> {
  const expected = expectedJobSchema();
  const { there } = await firstRow(
    postgres.query,
    thereRule,
    `select to_regclass('${JOB_SCHEMA}.migrations') is not null as there`,
  );
  const { newest, breaking } = there
    ? await firstRow(
        postgres.query,
        rowRule,
        `select max(id) as newest, max(id) filter (where breaking) as breaking from ${JOB_SCHEMA}.migrations`,
      )
    : { newest: null, breaking: null };
  const facts = { version: newest, expected };
  if (newest === null || newest < expected) {
    return fault(
      newest === null
        ? 'the schema of the job queue is not there'
        : `version ${newest} of the job queue's schema, not ${expected}`,
      'run `npm run migrate`',
      facts,
    );
  }
  if ((breaking ?? 0) > expected) {
    return fault(
      `version ${newest} of the job queue's schema is too new`,
      'this is an older version of the service: workers refuse to start; run the newer one',
      facts,
    );
  }
  return newest === expected
    ? ok(`version ${newest} of the job queue's schema`, facts)
    : warning(
        `version ${newest} of the job queue's schema, not ${expected}`,
        'run the newer version of the service',
        facts,
      );
}
