import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { readRunValue } from './run-folder.ts';

export interface TestDatabase {
  readonly url: string;
  /** Removes it, and ends the connections that a test has left open. May be repeated. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the cluster that all test files share. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Copied file by file: nothing of it has to be in the log.
  await runStatement(`CREATE DATABASE ${name} STRATEGY file_copy`);
  const url = new URL(readRunValue('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runStatement(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function runStatement(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: readRunValue('postgresUrl') });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
