import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { CommitUnknownError, DatabaseError } from './database-error.ts';
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts';
import { createOrm, type Orm } from './orm.ts';
import { refuseTransactions } from './single-statements.ts';
import { endsSession, isFatal, isRaceLost, isTimeout, isTrouble, sqlStateOf } from './sql-state.ts';

/**
 * One statement is one transaction: it has taken effect when its result is here, for pg gives the result only after the
 * server has said that it is ready again, which is after the commit. A COMMIT that was a ROLLBACK cannot happen.
 */
export type Statement<T> = (connection: Kysely<never>) => Promise<T>;

/** A statement that is parsed and planned once on each connection. */
export interface PreparedStatement {
  /** Names the text: no two have the same. */
  readonly name: 'place_orders' | 'read_entries' | 'read_vital_signs' | 'count_doubled';
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the pool has. */
export interface Connections {
  readonly idle: number;
  readonly used: number;
  /** Statements that wait for one. */
  readonly pending: number;
}

/** What is measured of statements: those that are prepared by their names, and all others together. */
export type OperationName = PreparedStatement['name'] | 'write' | 'read';

export interface DatabaseOptions extends HeartbeatOptions {
  /** Told how long each statement took, with the wait for a connection and whatever was tried again. */
  readonly onOperation?: (name: OperationName, tookMs: number) => void;
}

/** Losers of a race inside the database try again this often. */
const RACE_RETRIES_MAX = 3;

const retryOfRaces = retry(handleWhen(isRaceLost), {
  maxAttempts: RACE_RETRIES_MAX,
  backoff: new ExponentialBackoff({ initialDelay: 10, maxDelay: 100 }),
});

/** The way to PostgreSQL: a pool of connections, and a heartbeat that knows whether anything is at its other end. */
export class Database {
  readonly #orm: Orm;
  readonly #heartbeat: Heartbeat;
  readonly #onOperation: NonNullable<DatabaseOptions['onOperation']>;
  #pool: Pool | undefined;
  #isClosed = false;

  constructor(options: DatabaseOptions) {
    this.#onOperation = options.onOperation ?? (() => {});
    this.#orm = createOrm(options, {}, refuseTransactions);
    this.#heartbeat = new Heartbeat(options);
  }

  /** The present life of the database, or undefined while it is not known. */
  get epoch(): string | undefined {
    return this.#heartbeat.epoch;
  }

  /** Undefined before the first prepared statement. */
  get connections(): Connections | undefined {
    const pool = this.#pool;
    return pool && { idle: pool.idleCount, used: pool.totalCount - pool.idleCount, pending: pool.waitingCount };
  }

  async start(): Promise<void> {
    await this.#heartbeat.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#heartbeat.close();
    await this.#orm.close(true);
  }

  /**
   * Runs a statement that changes something.
   * @throws DatabaseError if it is certain that it had no effect, CommitUnknownError if it is not
   */
  async run<T>(statement: Statement<T>): Promise<T> {
    return await this.#send('write', (onConnected) =>
      this.#entityManager()
        .getKysely<never>()
        .connection()
        .execute(async (connection) => {
          onConnected();
          return await statement(connection);
        }),
    );
  }

  /** Runs a statement that changes something, and gives its rows. @throws as `run` does */
  async runPrepared(statement: PreparedStatement): Promise<readonly unknown[]> {
    return await this.#send(statement.name, (onConnected) => this.#queryPrepared(statement, onConnected));
  }

  async #send<T>(name: OperationName, send: (onConnected: () => void) => Promise<T>): Promise<T> {
    this.#requireUp();
    const startedAtMs = performance.now();
    let sent = false;
    try {
      return await retryOfRaces.execute(async () => {
        sent = false;
        return await send(() => {
          sent = true;
        });
      });
    } catch (error) {
      // What ended before a statement was sent was the search for a connection.
      throw sent || isRaceLost(error) ? classify(error, sent) : unavailable(error);
    } finally {
      this.#onOperation(name, performance.now() - startedAtMs);
    }
  }

  /** Reads. A lost connection is no more than that. @throws DatabaseError */
  async read<T>(query: (entityManager: Orm['em']) => Promise<T>): Promise<T> {
    return await this.#reading('read', () => query(this.#entityManager()));
  }

  /** Reads the rows of a statement. @throws as `read` does */
  async readPrepared(statement: PreparedStatement): Promise<readonly unknown[]> {
    return await this.#reading(statement.name, () => this.#queryPrepared(statement, () => {}));
  }

  async #reading<T>(name: OperationName, read: () => Promise<T>): Promise<T> {
    this.#requireUp();
    const startedAtMs = performance.now();
    try {
      return await read();
    } catch (error) {
      throw classify(error, false);
    } finally {
      this.#onOperation(name, performance.now() - startedAtMs);
    }
  }

  async #queryPrepared(
    { name, text, values }: PreparedStatement,
    onConnected: () => void,
  ): Promise<readonly unknown[]> {
    this.#pool ??= await this.#orm.em.getConnection().getNativeClient();
    const connection = await this.#pool.connect();
    onConnected();
    try {
      const { rows } = await connection.query({ name, text, values: [...values] });
      connection.release();
      return rows;
    } catch (error) {
      // A session that PostgreSQL has ended, or that nothing is known of, is not for the next one, who may come before the socket's end.
      connection.release(sqlStateOf(error) === undefined || isFatal(error));
      throw error;
    }
  }

  /** A fork each time: after a failure the old entity manager would try its leftovers again. */
  #entityManager(): Orm['em'] {
    return this.#orm.em.fork();
  }

  /** While the database is known to be gone, nobody waits for it. */
  #requireUp(): void {
    if (this.#isClosed) {
      // MikroORM would open another pool, which nobody would close.
      throw unavailable(new Error('the connection to the database was closed'));
    }
    const { state } = this.#heartbeat;
    if (state.kind === 'down') {
      throw unavailable(state.error);
    }
  }
}

function classify(error: unknown, sent: boolean): Error {
  const state = sqlStateOf(error);
  if (state === undefined || endsSession(state) || isFatal(error)) {
    return sent ? new CommitUnknownError(error) : unavailable(error);
  }
  const facts = { sqlState: state };
  if (isTimeout(state) || isRaceLost(error)) {
    return new DatabaseError(
      'DATABASE_BUSY',
      'The database was too busy to do it in time. Repeat the call with the same key.',
      error,
      facts,
    );
  }
  return isTrouble(state)
    ? unavailable(error, facts)
    : new DatabaseError(
        'DATABASE_REFUSED',
        `The database refused a statement of the service (SQLSTATE ${state}).`,
        error,
        facts,
      );
}

function unavailable(cause: unknown, facts: Readonly<Record<string, string>> = {}): DatabaseError {
  return new DatabaseError(
    'DATABASE_UNAVAILABLE',
    'The database cannot be reached. Repeat the call with the same key.',
    cause,
    facts,
  );
}
