import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Kysely } from 'kysely';
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
  #isClosed = false;

  constructor(options: HeartbeatOptions) {
    this.#orm = createOrm(options, {}, refuseTransactions);
    this.#heartbeat = new Heartbeat(options);
  }

  /** The present life of the database, or undefined while it is not known. */
  get epoch(): string | undefined {
    return this.#heartbeat.epoch;
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
    this.#requireUp();
    let sent = false;
    try {
      return await retryOfRaces.execute(async () => {
        sent = false;
        return await this.#entityManager()
          .getKysely<never>()
          .connection()
          .execute(async (connection) => {
            sent = true;
            return await statement(connection);
          });
      });
    } catch (error) {
      // What ended before a statement was sent was the search for a connection.
      throw sent || isRaceLost(error) ? classify(error, sent) : unavailable(error);
    }
  }

  /** Reads. A lost connection is no more than that. @throws DatabaseError */
  async read<T>(query: (entityManager: Orm['em']) => Promise<T>): Promise<T> {
    this.#requireUp();
    try {
      return await query(this.#entityManager());
    } catch (error) {
      throw classify(error, false);
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
