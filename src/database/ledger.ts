import type { RawBuilder } from 'kysely';
import {
  type CommitResult,
  IdempotencyError,
  type Ledger,
  type LedgerEntry,
  type LedgerRow,
} from '../idempotency/index.ts';
import type { Database, Statement } from './database.ts';
import { CommitUnknownError, DatabaseError } from './database-error.ts';
import { LedgerReads } from './ledger-reads.ts';
import { insertEntry } from './ledger-statement.ts';
import { sqlStates } from './sql-state.ts';

export interface LedgerOptions {
  /** How long an expired entry is still remembered. */
  readonly memoryMs: number;
}

/** The ledger in PostgreSQL. */
export class PostgresLedger implements Ledger {
  /** How long an expired entry is still remembered. */
  readonly memoryMs: number;
  readonly #database: Database;
  readonly #reads: LedgerReads;

  constructor(database: Database, { memoryMs }: LedgerOptions) {
    this.#database = database;
    this.#reads = new LedgerReads(database, memoryMs);
    this.memoryMs = memoryMs;
  }

  read(id: string): Promise<LedgerRow | undefined> {
    return this.#reads.read(id);
  }

  async record(entry: LedgerEntry): Promise<CommitResult> {
    return await this.commit(entry, (connection) => insertEntry(entry, this.memoryMs).execute(connection));
  }

  /**
   * Runs a statement that commits an entry, alone or with an effect, and gives a row if the entry was new.
   * @throws as `underItsKey` does; DatabaseError
   */
  async commit(entry: LedgerEntry, statement: Statement<{ readonly rows: readonly unknown[] }>): Promise<CommitResult> {
    return await this.underItsKey(entry, async () => {
      const { rows } = await this.#database.run(statement);
      return rows.length > 0 ? 'committed' : 'conflict';
    });
  }

  /**
   * Lets an entry be committed, and tells faults in terms of its key.
   * @throws IdempotencyError OUTCOME_UNKNOWN, or IDEMPOTENCY_KEY_IN_PROGRESS if a rival holds the key for too long; what else `work` throws
   */
  async underItsKey(entry: LedgerEntry, work: () => Promise<CommitResult>): Promise<CommitResult> {
    try {
      return await work();
    } catch (error) {
      throw inTermsOfTheKey(error, entry);
    }
  }

  /**
   * The insert of an entry, to be made part of an effect's statement.
   * @param source the part of the statement that must have given a row before; undefined: none
   */
  entryInsert(entry: LedgerEntry, source?: RawBuilder<unknown>): RawBuilder<unknown> {
    return insertEntry(entry, this.memoryMs, source);
  }
}

function inTermsOfTheKey(error: unknown, { record }: LedgerEntry): unknown {
  const facts = { key: record.key.value };
  if (error instanceof CommitUnknownError) {
    return new IdempotencyError(
      'OUTCOME_UNKNOWN',
      'The connection to the database was lost while the call was committed: whether it took effect is unknown. Repeat the ' +
        'call with the same key, and the answer will be right either way.',
      { facts, retryAfterMs: 100, cause: error },
    );
  }
  if (error instanceof DatabaseError && error.facts['sqlState'] === sqlStates.lockNotAvailable) {
    return new IdempotencyError(
      'IDEMPOTENCY_KEY_IN_PROGRESS',
      `Another call holds the idempotency key ${JSON.stringify(record.key.value)}, or what this one is to change. Nothing was done. ` +
        'Repeat the call with the same key.',
      { facts, retryAfterMs: 500, cause: error },
    );
  }
  return error;
}
