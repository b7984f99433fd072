import { Client } from 'pg';
import { connectionSettings, type OrmOptions } from './orm.ts';
import { connectToOwnSession } from './own-session.ts';
import { sqlStateOf, sqlStates } from './sql-state.ts';

/** Any number that all processes of this service agree on, and no other user of the database is likely to choose. */
const ADVISORY_LOCK = 7_216_350_811;

/** How often it is asked whether the lock is still there: a connection that is cut off says nothing by itself. */
const PULSE_MS = 1_000;

export interface MigrationLockOptions extends OrmOptions {
  /** How long to wait for another process that migrates. */
  readonly patienceMs: number;
}

/**
 * Does work that one process at a time may do. Each wait for the database has an end that is near, also where the work takes long: the
 * lock is asked for again and again, and then asked about.
 * @param work is left to itself if the lock is lost
 * @throws SharedSessionError; an error that says that the lock was lost; what else `work` throws
 */
export async function underMigrationLock<T>(
  { patienceMs, ...options }: MigrationLockOptions,
  work: (connection: Client) => Promise<T>,
): Promise<T> {
  const lockTimeoutMs = Math.min(PULSE_MS, Math.ceil(options.statementTimeoutMs / 2));
  const client = new Client(connectionSettings({ ...options, lockTimeoutMs }));
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  client.on('error', (error) => lost.reject(new Error('the lock for migrations was lost', { cause: error })));
  try {
    // Of two errors about one lost connection, the event's says why.
    return await Promise.race([lost.promise, withLock(client, { ...options, patienceMs }, work)]);
  } finally {
    await client.end();
  }
}

async function withLock<T>(
  client: Client,
  { patienceMs, ...options }: MigrationLockOptions,
  work: (connection: Client) => Promise<T>,
): Promise<T> {
  await connectToOwnSession(client, options);
  // The database may see a connection on which we hear nothing as one that lives; it must not hold the lock for ever.
  await client.query(`set idle_session_timeout = ${Math.max(options.silenceLimitMs, 2 * PULSE_MS)}`);
  await takeLock(client, performance.now() + patienceMs);
  const pulse = beginPulse(client);
  try {
    return await work(client);
  } finally {
    clearInterval(pulse);
  }
}

function beginPulse(client: Client): NodeJS.Timeout {
  let isAsked = false;
  const hear = () => {
    isAsked = false;
  };
  return setInterval(() => {
    if (!isAsked) {
      isAsked = true;
      // If it fails, the connection is lost, which is told by its event.
      client.query('select').then(hear, hear);
    }
  }, PULSE_MS);
}

async function takeLock(client: Client, untilMs: number): Promise<void> {
  for (;;) {
    try {
      await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
      return;
    } catch (error) {
      if (sqlStateOf(error) !== sqlStates.lockNotAvailable || performance.now() > untilMs) {
        throw error;
      }
    }
  }
}
