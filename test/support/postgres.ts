import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { readRunValue } from './run-folder.ts';

export interface TestDatabase {
  readonly url: string;
  /** Removes it, and ends the connections that a test has left open. May be repeated. */
  drop(): Promise<void>;
}

/** The database that the shared cluster came with: test databases are copies of it, for migrations take twenty times as long. */
const templateDatabase = () => new URL(readRunValue('postgresUrl')).pathname.slice(1);

/** Nobody may connect to it any more: a database that somebody is connected to cannot be copied. */
export async function closeTemplateDatabase(): Promise<void> {
  await runStatement(`ALTER DATABASE ${templateDatabase()} ALLOW_CONNECTIONS false`);
}

export interface TestDatabaseOptions {
  /** Whether it has no tables; default: it has been migrated. */
  readonly isEmpty?: boolean;
}

/** A database of its own on the cluster that all test files share. */
export async function createTestDatabase({ isEmpty = false }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Copied file by file: nothing of it has to be in the log.
  await runStatement(`CREATE DATABASE ${name} ${isEmpty ? '' : `TEMPLATE ${templateDatabase()}`} STRATEGY file_copy`);
  return { url: urlOf(name), drop: () => runStatement(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

function urlOf(name: string): string {
  const url = new URL(readRunValue('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

async function runStatement(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres') });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
