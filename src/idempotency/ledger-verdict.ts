import { IdempotencyError } from './errors.ts';
import { differ } from './fingerprint.ts';
import type { LedgerRow } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import type { RecordIdentity } from './record.ts';

/**
 * What the ledger's row means for a call of the same record: an outcome to replay, or undefined where the record is new
 * (forgotten, or expired and open to be used again).
 * @throws IdempotencyError IDEMPOTENCY_KEY_REUSED (P3), IDEMPOTENCY_KEY_EXPIRED (P11), STORED_FORM_UNKNOWN
 */
export function judgeRow(row: LedgerRow | undefined, record: RecordIdentity): Outcome | undefined {
  if (row === undefined || row.age === 'forgotten' || (row.age === 'expired' && expiredIsNew(record))) {
    return undefined;
  }
  if (differ(row.fingerprint, record.fingerprint)) {
    throw keyReused(record);
  }
  if (row.age === 'expired') {
    throw new IdempotencyError(
      'IDEMPOTENCY_KEY_EXPIRED',
      `The idempotency key ${quote(record)} was used more than ${record.policy.timeToLiveMs} ms ago, and its answer is no ` +
        'longer kept. A late retry is not a new request: if this is one, send a new key.',
      { facts: { key: record.key.value, timeToLiveMs: String(record.policy.timeToLiveMs) } },
    );
  }
  if (row.outcome.kind === 'unknownForm') {
    throw new IdempotencyError(
      'STORED_FORM_UNKNOWN',
      `The answer for the idempotency key ${quote(record)} is stored in form ${row.outcome.form}, which this version of the ` +
        'service cannot read. Repeat the call with the same key: another server may.',
      { facts: { key: record.key.value, form: String(row.outcome.form) }, retryAfterMs: 1_000 },
    );
  }
  return row.outcome;
}

/** Whether an expired record may be used again (P11). */
export function expiredIsNew(record: RecordIdentity): boolean {
  return record.key.source === 'derived' || record.policy.expiredKeyIsNew;
}

export function keyReused(record: RecordIdentity): IdempotencyError {
  return new IdempotencyError(
    'IDEMPOTENCY_KEY_REUSED',
    `The idempotency key ${quote(record)} belongs to another request of ${record.method}. A retry must repeat its request ` +
      'unchanged; a new request needs a new key.',
    { facts: { key: record.key.value, method: record.method } },
  );
}

/** The ledger refused a commit for a record that it then did not know: it went away in between. */
export function recordChanged(record: RecordIdentity): IdempotencyError {
  return new IdempotencyError(
    'IDEMPOTENCY_KEY_IN_PROGRESS',
    `The record of the idempotency key ${quote(record)} changed while the call ran. Repeat the call with the same key.`,
    { facts: { key: record.key.value }, retryAfterMs: 100 },
  );
}

/** The caller has waited as long as it may (P4). */
export function stillInProgress(record: RecordIdentity, retryAfterMs: number): IdempotencyError {
  return new IdempotencyError(
    'IDEMPOTENCY_KEY_IN_PROGRESS',
    `Another call with the idempotency key ${quote(record)} is still running. Repeat the call with the same key.`,
    { facts: { key: record.key.value }, retryAfterMs: Math.max(retryAfterMs, 100) },
  );
}

function quote(record: RecordIdentity): string {
  return JSON.stringify(record.key.value);
}
