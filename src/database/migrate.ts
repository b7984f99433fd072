import { Migrator } from '@mikro-orm/migrations';
import { Logger, runMigrations } from 'graphile-worker';
import { Client } from 'pg';
import { JOB_SCHEMA } from '../fulfilment/jobs.ts';
import { openJobPool } from './job-pool.ts';
import { migrations } from './migrations/migrations.ts';
import { connectionSettings, createOrm, type OrmOptions } from './orm.ts';
import { connectToOwnSession, DatabaseEncodingError } from './own-session.ts';

/** Any number that all processes of this service agree on, and no other user of the database is likely to choose. */
const ADVISORY_LOCK = 7_216_350_811;

/** A migration may take longer than a call may, and so may the wait for another process that migrates. */
const MIGRATION_LIMIT_MS = 10 * 60_000;

/**
 * Brings the database to the newest schema. Several processes may start at once: one migrates, the others wait for it.
 * @returns the names of the migrations that were applied
 * @throws SharedSessionError, DatabaseEncodingError
 */
export async function migrate(options: OrmOptions): Promise<readonly string[]> {
  const patient = {
    ...options,
    statementTimeoutMs: MIGRATION_LIMIT_MS,
    lockTimeoutMs: MIGRATION_LIMIT_MS,
    silenceLimitMs: 2 * MIGRATION_LIMIT_MS,
  };
  const lock = new Client(connectionSettings(patient));
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  lock.on('error', (error) => lost.reject(new Error('the lock for migrations was lost', { cause: error })));
  try {
    await connectToOwnSession(lock, patient.statementTimeoutMs);
    await requireUnicode(lock);
    await lock.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    return await Promise.race([applyAll(patient), lost.promise]);
  } finally {
    await lock.end();
  }
}

async function requireUnicode(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>('select getdatabaseencoding() as encoding');
  const encoding = rows[0]?.encoding ?? 'none';
  if (encoding !== 'UTF8') {
    throw new DatabaseEncodingError(encoding);
  }
}

/** The job queue's schema first: our own tables and statements stand on it. */
async function applyAll(options: OrmOptions): Promise<readonly string[]> {
  await installJobQueue(options);
  return await applyMigrations(options);
}

async function installJobQueue(options: OrmOptions): Promise<void> {
  const pgPool = openJobPool(options, 1, () => {});
  try {
    await runMigrations({ pgPool, schema: JOB_SCHEMA, logger: new Logger(() => () => {}) });
  } finally {
    await pgPool.end();
  }
}

async function applyMigrations(options: OrmOptions): Promise<readonly string[]> {
  const orm = createOrm(options, {
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'schema_migrations', snapshot: false },
  });
  try {
    const applied = await orm.migrator.up();
    return applied.map(({ name }) => name);
  } finally {
    await orm.close(true);
  }
}
