import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { ArchivedEntry, ArchivePage, ArchiveQuery, RecordArchive } from '../idempotency/index.ts';
import type { Database } from './database.ts';
import type { LedgerOptions } from './ledger.ts';
import { entryAge } from './ledger-statement.ts';

/** A page looks at so many entries at most, however few of them are asked for. */
const EXAMINED_MAX = 5_000;

const entryRule = z.object({
  id: z.instanceof(Buffer),
  method: z.string(),
  key: z.string(),
  fingerprint: z.instanceof(Buffer),
  fingerprint_version: z.number(),
  state: z.enum(['COMPLETED', 'FAILED']),
  stored_form: z.number(),
  status_code: z.number().nullable(),
  status_message: z.string().nullable(),
  settled_ms: z.coerce.number(),
  expires_ms: z.coerce.number(),
  age: z.enum(['live', 'expired', 'forgotten']),
});

const examinedRule = entryRule.extend({ is_asked: z.boolean(), position: z.coerce.number() });

/** The ledger in PostgreSQL, for those who look at it. Answers stay where they are. */
export class PostgresRecordArchive implements RecordArchive {
  readonly #database: Database;
  readonly #memoryMs: number;

  constructor(database: Database, { memoryMs }: LedgerOptions) {
    this.#database = database;
    this.#memoryMs = memoryMs;
  }

  async describe(ids: readonly string[]): Promise<ReadonlyMap<string, ArchivedEntry>> {
    if (ids.length === 0) {
      return new Map();
    }
    const bytes = ids.map((id) => Buffer.from(id, 'hex'));
    const rows = await this.#read(sql`${this.#entries()} where id = any(${bytes}::bytea[])`);
    return new Map(rows.map((row) => toEntry(entryRule.parse(row))).map((entry) => [entry.id, entry]));
  }

  /**
   * By the index on principal and time. What is asked for is looked for among a bounded number of entries, so that a page of what
   * is rare does not read the whole ledger; the next page begins behind the last entry that was looked at.
   */
  async list({ principal, method, states, limit, after }: ArchiveQuery): Promise<ArchivePage> {
    const isAsked = sql`
      case age when 'live' then state when 'expired' then 'EXPIRED' else '' end = any(${[...states]}::text[])
        and ${method === undefined ? sql`true` : sql`method = ${method}`}`;
    const query = sql`
      select * from (
        select *, ${isAsked} as is_asked, row_number() over (order by created_at desc, id desc) as position
        from (
          ${this.#entries()} where principal = ${principal} ${after === undefined ? sql`` : sql`and ${isBehind(after)}`}
          order by created_at desc, id desc limit ${EXAMINED_MAX}) as examined) as judged
      where is_asked or position = ${EXAMINED_MAX}
      order by created_at desc, id desc limit ${limit + 1}`;
    // One more than the page holds tells whether another page follows.
    const rows = (await this.#read(query)).map((row) => examinedRule.parse(row));
    const entries = rows.filter((row) => row.is_asked).map(toEntry);
    if (entries.length > limit) {
      return { entries: entries.slice(0, limit), next: entries[limit - 1] };
    }
    const last = rows.at(-1);
    return { entries, next: last?.position === EXAMINED_MAX ? toEntry(last) : undefined };
  }

  #entries(): RawBuilder<unknown> {
    return sql`
      select id, method, key, fingerprint, fingerprint_version, state, stored_form, status_code, status_message, created_at,
        (extract(epoch from created_at) * 1000)::bigint as settled_ms,
        (extract(epoch from expires_at) * 1000)::bigint as expires_ms,
        ${sql.raw(entryAge(String(this.#memoryMs)))} as age
      from idempotency_keys`;
  }

  async #read(query: RawBuilder<unknown>): Promise<readonly unknown[]> {
    const { rows } = await this.#database.read((entityManager) => query.execute(entityManager.getKysely<never>()));
    return rows;
  }
}

function isBehind({ settledMs, id }: NonNullable<ArchiveQuery['after']>): RawBuilder<unknown> {
  const time = new Date(settledMs).toISOString();
  return sql`(created_at, id) < (${time}::timestamptz, ${Buffer.from(id, 'hex')}::bytea)`;
}

function toEntry(row: z.output<typeof entryRule>): ArchivedEntry {
  const { status_code: code, status_message: message } = row;
  return {
    id: row.id.toString('hex'),
    method: row.method,
    key: row.key,
    fingerprint: { version: row.fingerprint_version, hash: row.fingerprint.toString('hex') },
    state: row.state,
    storedForm: row.stored_form,
    failure: code === null || message === null ? undefined : { code, message },
    settledMs: row.settled_ms,
    expiresMs: row.expires_ms,
    age: row.age,
  };
}
