import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/database/migrate.ts';
import { readRunValue } from './run-folder.ts';
import { testConfig } from './test-config.ts';

export interface TestDatabase {
  readonly url: string;
  /** Removes it, and ends the connections that a test has left open. May be repeated. */
  drop(): Promise<void>;
}

/** What test databases are copies of: migrations take twenty times as long. */
const TEMPLATE = 'migrated';

/** Makes what test databases are copies of. */
export async function createTemplateDatabase(): Promise<void> {
  await runStatement(`CREATE DATABASE ${TEMPLATE}`);
  await migrate(testConfig({ databaseUrl: urlOf(TEMPLATE) }).database);
  // A database that somebody is connected to cannot be copied.
  await runStatement(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
}

export interface TestDatabaseOptions {
  /** Whether it has no tables; default: it has been migrated. */
  readonly isEmpty?: boolean;
}

/** A database of its own on the cluster that all test files share. */
export async function createTestDatabase({ isEmpty = false }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Copied file by file: nothing of it has to be in the log.
  await runStatement(`CREATE DATABASE ${name} ${isEmpty ? '' : `TEMPLATE ${TEMPLATE}`} STRATEGY file_copy`);
  return { url: urlOf(name), drop: () => runStatement(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

function urlOf(name: string): string {
  const url = new URL(readRunValue('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

async function runStatement(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: readRunValue('postgresUrl') });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
