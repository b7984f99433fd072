import { type RawBuilder, sql } from 'kysely';
import { expiredIsNew, type LedgerEntry, STORED_FORM } from '../idempotency/index.ts';

/** What a ledger entry is as a row of JSON: `entryRow` makes it, and `insertEntries` takes it. */
export const entryColumns = `
  id bytea, principal text, method text, key text, fingerprint bytea, fingerprint_version smallint,
  state text, stored_form smallint, response bytea, status_code smallint, status_message text, status_details bytea,
  trace_parent text, time_to_live_ms double precision, remembered_ms double precision`;

/** @param memoryMs how long an expired entry is remembered */
export function entryRow({ record, outcome }: LedgerEntry, memoryMs: number): Readonly<Record<string, unknown>> {
  return {
    id: `\\x${record.id}`,
    principal: record.principal,
    method: record.method,
    key: record.key.value,
    fingerprint: `\\x${record.fingerprint.hash}`,
    fingerprint_version: record.fingerprint.version,
    stored_form: STORED_FORM,
    ...(outcome.kind === 'completed'
      ? { state: 'COMPLETED', response: byteaText(outcome.response) }
      : {
          state: 'FAILED',
          status_code: outcome.code,
          status_message: outcome.message,
          status_details: byteaText(outcome.details),
        }),
    trace_parent: outcome.traceParent,
    time_to_live_ms: record.policy.timeToLiveMs,
    remembered_ms: expiredIsNew(record) ? 0 : memoryMs,
  };
}

/**
 * The insert of ledger entries, as a part of a statement: it gives the ids of those that are new, and not of those whose record another
 * attempt has settled. An expired entry is replaced where its key may be used again (P11), and one that is no longer
 * remembered always. Their order is that of the ids, so that no two statements wait for each other.
 * @param source the name of the part that has them, with the columns of `entryColumns`
 */
export function insertEntries(source: string): string {
  return `
    insert into idempotency_keys as known (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form,
      response, status_code, status_message, status_details, trace_parent, created_at, expires_at)
    select
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form,
      response, status_code, status_message, status_details, trace_parent, now(), now() + time_to_live_ms * interval '1 millisecond'
    from ${source} order by id
    on conflict (id) do update set
      fingerprint = excluded.fingerprint, fingerprint_version = excluded.fingerprint_version,
      state = excluded.state, stored_form = excluded.stored_form, response = excluded.response,
      status_code = excluded.status_code, status_message = excluded.status_message,
      status_details = excluded.status_details, trace_parent = excluded.trace_parent, created_at = excluded.created_at, expires_at = excluded.expires_at
    where known.expires_at
      + (select remembered_ms from ${source} as entry where entry.id = excluded.id) * interval '1 millisecond' <= now()
    returning id`;
}

/**
 * The insert of one ledger entry, as a statement or a part of one.
 * @param source the part of the statement that must have given a row before; undefined: none
 */
export function insertEntry(entry: LedgerEntry, memoryMs: number, source?: RawBuilder<unknown>): RawBuilder<unknown> {
  const row = JSON.stringify(entryRow(entry, memoryMs));
  return sql`
    with entered as materialized (
      select entered.* from json_to_record(${row}::json) as entered (${sql.raw(entryColumns)})
      ${source === undefined ? sql`` : sql`, ${source}`})
    ${sql.raw(insertEntries('entered'))}`;
}

/**
 * How old an entry is, as a part of a query: `live`, `expired` or `forgotten`.
 * @param memoryMs how long an expired entry is remembered: a number, or the place of a parameter
 */
export function entryAge(memoryMs: string): string {
  return `
    case when expires_at > now() then 'live'
         when expires_at + ${memoryMs} * interval '1 millisecond' > now() then 'expired'
         else 'forgotten' end`;
}

function byteaText(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}
