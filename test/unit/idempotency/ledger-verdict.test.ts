import { expect, test } from '@jest/globals';
import type { LedgerRow } from '../../../src/idempotency/index.ts';
import { judgeRow } from '../../../src/idempotency/ledger-verdict.ts';
import type { RecordIdentity } from '../../../src/idempotency/record.ts';
import { hashOf, recordOf, somePolicy } from './record-of.ts';

const outcome = { kind: 'completed', response: Buffer.from('answer') } as const;
const live: LedgerRow = {
  fingerprint: { version: 1, hash: hashOf('request') },
  age: 'live',
  timeLeftMs: 1_000,
  outcome,
};
const expired: LedgerRow = { ...live, age: 'expired', timeLeftMs: 0 };
const forgotten: LedgerRow = { ...expired, age: 'forgotten' };
const unknownForm: LedgerRow = { ...live, outcome: { kind: 'unknownForm', form: 9 } };
const ofAnother = (row: LedgerRow): LedgerRow => ({ ...row, fingerprint: { version: 1, hash: hashOf('another') } });
const ofAnotherVersion = (row: LedgerRow): LedgerRow => ({
  ...row,
  fingerprint: { version: 2, hash: hashOf('another') },
});

const own = recordOf('request');
const derived = recordOf('request', { key: { value: 'k', source: 'derived' } });
const lenient = recordOf('request', { policy: { ...somePolicy, expiredKeyIsNew: true } });

const rows: readonly (readonly [string, LedgerRow | undefined, RecordIdentity, unknown])[] = [
  ['no row', undefined, own, undefined],
  ['live', live, own, outcome],
  ['live, under a derived key', live, derived, outcome],
  ['live, of another request (P3)', ofAnother(live), own, 'IDEMPOTENCY_KEY_REUSED'],
  ['live, fingerprint of another version', ofAnotherVersion(live), own, outcome],
  ['live, in an unknown form', unknownForm, own, 'STORED_FORM_UNKNOWN'],
  ['live, in an unknown form, of another request', ofAnother(unknownForm), own, 'IDEMPOTENCY_KEY_REUSED'],
  ['expired (P11)', expired, own, 'IDEMPOTENCY_KEY_EXPIRED'],
  ['expired, in an unknown form', { ...unknownForm, age: 'expired' }, own, 'IDEMPOTENCY_KEY_EXPIRED'],
  ['expired, of another request', ofAnother(expired), own, 'IDEMPOTENCY_KEY_REUSED'],
  ['expired, under a derived key', expired, derived, undefined],
  ['expired, where the policy says new', expired, lenient, undefined],
  ['expired, of another request, where the policy says new', ofAnother(expired), lenient, undefined],
  ['forgotten', forgotten, own, undefined],
  ['forgotten, of another request', ofAnother(forgotten), own, undefined],
];

test.each(rows)('%s', (_what, row, record, verdict) => {
  const judge = () => judgeRow(row, record);
  if (typeof verdict === 'string') {
    expect(judge).toThrow(expect.objectContaining({ reason: verdict }));
  } else {
    expect(judge()).toEqual(verdict);
  }
});
