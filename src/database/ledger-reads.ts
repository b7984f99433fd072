import DataLoader from 'dataloader';
import { z } from 'zod';
import { type LedgerRow, STORED_FORM } from '../idempotency/index.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';
import { entryAge } from './ledger-statement.ts';

const identifiedRule = z.object({ id: z.string() });

const rowRule = z.object({
  fingerprint: z.instanceof(Buffer),
  fingerprint_version: z.number(),
  state: z.enum(['COMPLETED', 'FAILED']),
  stored_form: z.number(),
  response: z.instanceof(Buffer).nullable(),
  status_code: z.number().nullable(),
  status_message: z.string().nullable(),
  status_details: z.instanceof(Buffer).nullable(),
  trace_parent: z.string().nullable(),
  age: z.enum(['live', 'expired', 'forgotten']),
  time_left_ms: z.coerce.number(),
});

/**
 * $1  ids of entries
 * $2  how long an expired entry is remembered, in milliseconds
 */
const READ_ENTRIES = `
  select encode(id, 'hex') as id, fingerprint, fingerprint_version, state, stored_form, response, status_code, status_message, status_details, trace_parent,
    ${entryAge('$2::double precision')} as age,
    greatest(0, extract(epoch from expires_at - now()) * 1000) as time_left_ms
  from idempotency_keys where id = any($1::bytea[])`;

/** The answers come with them, which may have some megabytes each. */
const READ_TOGETHER_MAX = 16;

/**
 * Reads entries of the ledger. What is asked in one turn of the event loop is one statement: without Redis every call asks, and a statement
 * costs both sides more than a row.
 */
export class LedgerReads {
  readonly #database: Pick<Database, 'readPrepared'>;
  readonly #memoryMs: number;
  readonly #loader: DataLoader<string, LedgerRow | undefined>;

  /** @param memoryMs how long an expired entry is remembered */
  constructor(database: Pick<Database, 'readPrepared'>, memoryMs: number) {
    this.#database = database;
    this.#memoryMs = memoryMs;
    this.#loader = new DataLoader((ids) => this.#readTogether(ids), {
      // What was true a moment ago may have changed.
      cache: false,
      maxBatchSize: READ_TOGETHER_MAX,
      batchScheduleFn: (readAll) => setImmediate(readAll),
    });
  }

  /** @throws DatabaseError */
  read(id: string): Promise<LedgerRow | undefined> {
    return this.#loader.load(id);
  }

  async #readTogether(ids: readonly string[]): Promise<readonly (LedgerRow | undefined | Error)[]> {
    const askedAtMs = performance.now();
    const rows = await this.#database.readPrepared({
      name: 'read_entries',
      text: READ_ENTRIES,
      values: [ids.map((id) => Buffer.from(id, 'hex')), this.#memoryMs],
    });
    const readingMs = performance.now() - askedAtMs;
    const entries = new Map(rows.map((row) => [identifiedRule.parse(row).id, row]));
    return ids.map((id) => (entries.has(id) ? readRow(entries.get(id), readingMs) : undefined));
  }
}

/** @returns an error for whoever asked for this row: the others get theirs */
function readRow(row: unknown, readingMs: number): LedgerRow | Error {
  try {
    return toLedgerRow(rowRule.parse(row), readingMs);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
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
  const provenance = row.trace_parent === null ? {} : { traceParent: row.trace_parent };
  if (row.state === 'COMPLETED' && row.response !== null) {
    return { kind: 'completed', response: row.response, ...provenance };
  }
  if (row.status_code !== null && row.status_message !== null && row.status_details !== null) {
    const { status_code: code, status_message: message, status_details: details } = row;
    return { kind: 'failed', code, message, details, ...provenance };
  }
  throw new DatabaseError('DATABASE_REFUSED', 'A ledger entry breaks its own rules.', undefined);
}
