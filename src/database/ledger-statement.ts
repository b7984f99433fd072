import { type RawBuilder, sql } from 'kysely';
import { expiredIsNew, type LedgerEntry, STORED_FORM } from '../idempotency/index.ts';

/**
 * The insert of a ledger entry, as a part of a statement: it gives one row if the entry is new, and none if another
 * attempt has settled the record. An expired entry is replaced where its key may be used again (P11), and one that is no
 * longer remembered always.
 * @param memoryMs how long an expired entry is remembered
 * @param source the part of the statement that must have given a row before; undefined: none
 */
export function insertEntry(
  { record, outcome }: LedgerEntry,
  memoryMs: number,
  source?: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const isCompleted = outcome.kind === 'completed';
  const rememberedMs = expiredIsNew(record) ? 0 : memoryMs;
  return sql`
    insert into idempotency_keys as known (
      id, principal, method, key, fingerprint, fingerprint_version, state, stored_form,
      response, status_code, status_message, status_details, created_at, expires_at)
    select
      ${Buffer.from(record.id, 'hex')}::bytea, ${record.principal}, ${record.method}, ${record.key.value},
      ${Buffer.from(record.fingerprint.hash, 'hex')}::bytea, ${record.fingerprint.version}::smallint,
      ${isCompleted ? 'COMPLETED' : 'FAILED'}, ${STORED_FORM}::smallint,
      ${isCompleted ? outcome.response : null}::bytea,
      ${isCompleted ? null : outcome.code}::smallint,
      ${isCompleted ? null : outcome.message},
      ${isCompleted ? null : outcome.details}::bytea,
      now(), now() + ${record.policy.timeToLiveMs} * interval '1 millisecond'
    ${source === undefined ? sql`` : sql`from ${source}`}
    on conflict (id) do update set
      fingerprint = excluded.fingerprint, fingerprint_version = excluded.fingerprint_version,
      state = excluded.state, stored_form = excluded.stored_form, response = excluded.response,
      status_code = excluded.status_code, status_message = excluded.status_message,
      status_details = excluded.status_details, created_at = excluded.created_at, expires_at = excluded.expires_at
    where known.expires_at + ${rememberedMs} * interval '1 millisecond' <= now()
    returning id`;
}

/** How old an entry is, as a part of a query: `live`, `expired` or `forgotten`. @param memoryMs how long an expired entry is remembered */
export function entryAge(memoryMs: number): RawBuilder<unknown> {
  return sql`
    case when expires_at > now() then 'live'
         when expires_at + ${memoryMs} * interval '1 millisecond' > now() then 'expired'
         else 'forgotten' end`;
}
