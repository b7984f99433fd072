import { Migrator } from '@mikro-orm/migrations';
import { Logger, runMigrations } from 'graphile-worker';
import type { Client, ClientBase } from 'pg';
import { JOB_SCHEMA } from '../fulfilment/jobs.ts';
import { openJobPool } from './job-pool.ts';
import { underMigrationLock } from './migration-lock.ts';
import { migrations } from './migrations/migrations.ts';
import { createOrm, type OrmOptions } from './orm.ts';
import { DatabaseEncodingError } from './own-session.ts';
import { cutOff } from './silence-guard.ts';
import { isTimeout, sqlStateOf } from './sql-state.ts';

/** A migration may take longer than a call may, and so may the wait for another process that migrates. */
const MIGRATION_LIMIT_MS = 10 * 60_000;

/**
 * Brings the database to the newest schema. Several processes may start at once: one migrates, the others wait for it.
 * @returns the names of the migrations that were applied
 * @throws SharedSessionError, DatabaseEncodingError
 */
export async function migrate(options: OrmOptions): Promise<readonly string[]> {
  const connections = new Set<ClientBase>();
  try {
    return await underMigrationLock({ ...options, patienceMs: MIGRATION_LIMIT_MS }, async (connection) => {
      await requireUnicode(connection);
      return await applyAll({ options, onConnect: (opened) => connections.add(opened) });
    });
  } finally {
    // If the lock was lost, statements may still be under way, and nobody waits for them any more.
    for (const connection of connections) {
      cutOff(connection);
    }
  }
}

async function requireUnicode(client: Client): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>('select getdatabaseencoding() as encoding');
  const encoding = rows[0]?.encoding ?? 'none';
  if (encoding !== 'UTF8') {
    throw new DatabaseEncodingError(encoding);
  }
}

interface Migration {
  readonly options: OrmOptions;
  /** Told of each connection that is made. */
  readonly onConnect: (connection: ClientBase) => void;
}

/**
 * Mostly there is nothing to do, and an answer that does not come soon does not come at all; what takes longer is rolled back, and begun
 * again with patience.
 */
async function applyAll({ options, onConnect }: Migration): Promise<readonly string[]> {
  try {
    return await applyInOrder({ options, onConnect });
  } catch (error) {
    if (!isTimeout(sqlStateOf(error))) {
      throw error;
    }
    const patient = {
      ...options,
      statementTimeoutMs: MIGRATION_LIMIT_MS,
      lockTimeoutMs: MIGRATION_LIMIT_MS,
      silenceLimitMs: 2 * MIGRATION_LIMIT_MS,
    };
    return await applyInOrder({ options: patient, onConnect });
  }
}

/** The job queue's schema first: our own tables and statements stand on it. */
async function applyInOrder(migration: Migration): Promise<readonly string[]> {
  await installJobQueue(migration);
  return await applyMigrations(migration);
}

async function installJobQueue({ options, onConnect }: Migration): Promise<void> {
  const pgPool = openJobPool(options, 1, () => {});
  pgPool.on('connect', onConnect);
  try {
    await runMigrations({ pgPool, schema: JOB_SCHEMA, logger: new Logger(() => () => {}) });
  } finally {
    await pgPool.end();
  }
}

async function applyMigrations({ options, onConnect }: Migration): Promise<readonly string[]> {
  const extra = {
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'schema_migrations', snapshot: false },
  };
  const orm = createOrm(options, extra, onConnect);
  try {
    const applied = await orm.migrator.up();
    await orm.close(true);
    return applied.map(({ name }) => name);
  } catch (error) {
    // Not waited for: a connection that was lost in a transaction is never given back to the pool (Kysely 0.29), which then never ends.
    orm.close(true).catch(() => {});
    throw error;
  }
}
