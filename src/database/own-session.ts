import type { Client } from 'pg';
import type { OrmOptions } from './orm.ts';
import { watchForSilence } from './silence-guard.ts';
import { sqlStateOf } from './sql-state.ts';

/** PROTOCOL VIOLATION: what PgBouncer answers to settings that it does not know. */
const SETTINGS_REFUSED = '08P01';

/** Something stands between us and PostgreSQL that lends out its sessions. */
export class SharedSessionError extends Error {
  override readonly name = 'SharedSessionError';

  constructor(symptom: string, cause?: unknown) {
    super(
      `DATABASE_URL leads to a pooler, such as PgBouncer, and not to PostgreSQL itself: ${symptom}. The service needs sessions of its own, ` +
        'for timeouts, locks and notifications, and has a pool of its own. Let DATABASE_URL name the server behind the pooler.',
      { cause },
    );
  }
}

/** The database cannot keep every text that an order may have. */
export class DatabaseEncodingError extends Error {
  override readonly name = 'DatabaseEncodingError';

  constructor(encoding: string) {
    super(
      `DATABASE_URL leads to a database with the encoding ${encoding}, which has not all characters, or counts them otherwise. Make one with ` +
        "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    );
  }
}

/**
 * Connects, and sees to it that the session is ours: its settings are those that we asked for.
 * @throws SharedSessionError
 */
export async function connectToOwnSession(
  client: Client,
  { statementTimeoutMs, silenceLimitMs }: Pick<OrmOptions, 'statementTimeoutMs' | 'silenceLimitMs'>,
): Promise<void> {
  try {
    await client.connect();
    watchForSilence(client, silenceLimitMs);
  } catch (error) {
    if (sqlStateOf(error) === SETTINGS_REFUSED) {
      throw new SharedSessionError('it refuses the settings of our connections', error);
    }
    throw error;
  }
  const { rows } = await client.query(
    `select setting from pg_settings where name = 'statement_timeout' and setting::bigint <> $1`,
    [statementTimeoutMs],
  );
  if (rows.length > 0) {
    throw new SharedSessionError(
      `it drops the settings of our connections (statement_timeout is ${rows[0]?.setting} ms)`,
    );
  }
}
