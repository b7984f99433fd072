import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import {
  type CommitResult,
  IdempotencyError,
  type Ledger,
  type LedgerEntry,
  type LedgerRow,
  STORED_FORM,
} from '../idempotency/index.ts';
import type { Database, Statement } from './database.ts';
import { CommitUnknownError, DatabaseError } from './database-error.ts';
import { entryAge, insertEntry } from './ledger-statement.ts';
import { sqlStates } from './sql-state.ts';

const rowRule = z.object({
  fingerprint: z.instanceof(Buffer),
  fingerprint_version: z.number(),
  state: z.enum(['COMPLETED', 'FAILED']),
  stored_form: z.number(),
  response: z.instanceof(Buffer).nullable(),
  status_code: z.number().nullable(),
  status_message: z.string().nullable(),
  status_details: z.instanceof(Buffer).nullable(),
  age: z.enum(['live', 'expired', 'forgotten']),
  time_left_ms: z.coerce.number(),
});

export interface LedgerOptions {
  /** How long an expired entry is still remembered. */
  readonly memoryMs: number;
}

/** The ledger in PostgreSQL. */
export class PostgresLedger implements Ledger {
  /** How long an expired entry is still remembered. */
  readonly memoryMs: number;
  readonly #database: Database;

  constructor(database: Database, { memoryMs }: LedgerOptions) {
    this.#database = database;
    this.memoryMs = memoryMs;
  }

  async read(id: string): Promise<LedgerRow | undefined> {
    const query = sql`
      select fingerprint, fingerprint_version, state, stored_form, response, status_code, status_message, status_details,
        ${entryAge(this.memoryMs)} as age,
        greatest(0, extract(epoch from expires_at - now()) * 1000) as time_left_ms
      from idempotency_keys where id = ${Buffer.from(id, 'hex')}`;
    const askedAtMs = performance.now();
    const { rows } = await this.#database.read((entityManager) => query.execute(entityManager.getKysely<never>()));
    return rows[0] === undefined ? undefined : toLedgerRow(rowRule.parse(rows[0]), performance.now() - askedAtMs);
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

/** @param readingMs how long the row was on its way; a process may have been stopped meanwhile */
function toLedgerRow(row: z.output<typeof rowRule>, readingMs: number): LedgerRow {
  return {
    fingerprint: { version: row.fingerprint_version, hash: row.fingerprint.toString('hex') },
    age: row.age,
    timeLeftMs: Math.max(0, Math.floor(row.time_left_ms - readingMs)),
    outcome: outcomeOf(row),
  };
}

function outcomeOf(row: z.output<typeof rowRule>): LedgerRow['outcome'] {
  if (row.stored_form !== STORED_FORM) {
    return { kind: 'unknownForm', form: row.stored_form };
  }
  if (row.state === 'COMPLETED' && row.response !== null) {
    return { kind: 'completed', response: row.response };
  }
  if (row.status_code !== null && row.status_message !== null && row.status_details !== null) {
    return { kind: 'failed', code: row.status_code, message: row.status_message, details: row.status_details };
  }
  throw new DatabaseError('DATABASE_REFUSED', 'A ledger entry breaks its own rules.', undefined);
}
