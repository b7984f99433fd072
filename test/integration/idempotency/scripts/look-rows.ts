import { expect } from '@jest/globals';
import {
  completedFields,
  FINGERPRINT,
  type Fields,
  failedFields,
  pending,
  pendingOfOlderVersion,
  type ScriptRow,
  settled,
  without,
} from './script-row.ts';

const stamp = expect.stringMatching(/^\d{13}$/);
const near = (ms: number) => expect.closeTo(ms, -3);
const fingerprint = { version: 1, hash: FINGERPRINT };

/** What is replied of a claim, and what is made of it. */
function claimed(left: unknown, leaseLeftMs: unknown) {
  const age = expect.stringMatching(/^1\d{3}$/);
  return {
    reply: ['CLAIMED', FINGERPRINT, '1', stamp, '2', 'there:2', stamp, age, left],
    decoded: {
      kind: 'claimed',
      fingerprint,
      firstAttemptMs: expect.any(Number),
      attempts: 2,
      process: { host: 'there', processId: 2 },
      claimedMs: expect.any(Number),
      ageMs: near(1_000),
      leaseLeftMs,
    },
  };
}

const outcome = { kind: 'settled', fingerprint, firstAttemptMs: undefined, attempts: undefined } as const;
const nothing = { reply: ['FOREIGN'], decoded: { kind: 'nothing' } } as const;
const counted: Fields = { first_ms: '1700000000000', attempts: '3' };

const looks: readonly Omit<ScriptRow, 'script' | 'after'>[] = [
  { title: 'absent', reply: ['ABSENT'], decoded: { kind: 'nothing' } },
  {
    title: 'PENDING: whose it is, since when, and how long its lease still is',
    before: pending(),
    ...claimed(expect.stringMatching(/^(2\d{3}|3000)$/), near(3_000)),
  },
  { title: 'PENDING, lease over: nothing is left of it', before: pending({ leaseLeftMs: -1 }), ...claimed('0', 0) },
  {
    title: 'PENDING, lease in a future that no lease reaches (the clock was set back): counts as over, as for begin',
    before: pending({ leaseLeftMs: 3_600_000 }),
    ...claimed('0', 0),
  },
  {
    title: 'PENDING of an older version: what it does not say is not known',
    before: pendingOfOlderVersion(),
    reply: ['CLAIMED', FINGERPRINT, '1', '', '', '', '', '', expect.stringMatching(/^(2\d{3}|3000)$/)],
    decoded: {
      kind: 'claimed',
      fingerprint,
      firstAttemptMs: undefined,
      attempts: undefined,
      process: undefined,
      claimedMs: undefined,
      ageMs: undefined,
      leaseLeftMs: near(3_000),
    },
  },
  {
    title: 'COMPLETED: that there is an answer, and not the answer',
    before: settled(completedFields, counted),
    reply: ['COMPLETED', FINGERPRINT, '1', '1700000000000', '3', '1', 'here'],
    decoded: { ...outcome, firstAttemptMs: 1_700_000_000_000, attempts: 3, state: 'COMPLETED', isKeptHere: true },
  },
  {
    title: 'COMPLETED, the answer kept in the ledger',
    before: settled(completedFields, { kept: 'ledger' }),
    reply: ['COMPLETED', FINGERPRINT, '1', '', '', '1', 'ledger'],
    decoded: { ...outcome, state: 'COMPLETED', isKeptHere: false },
  },
  {
    title: 'FAILED in a form of another version: no call gets it from here',
    before: settled(failedFields, { form: '99' }),
    reply: ['FAILED', FINGERPRINT, '1', '', '', '99', 'here'],
    decoded: { ...outcome, state: 'FAILED', isKeptHere: false },
  },
  {
    title: 'COMPLETED with a fingerprint that is none',
    before: settled(completedFields, { fingerprint: 'mine', first_ms: 'soon', attempts: '-1' }),
    reply: ['COMPLETED', 'mine', '1', 'soon', '-1', '1', 'here'],
    decoded: { kind: 'nothing' },
  },
  {
    title: 'COMPLETED with numbers that are none, or larger than any of ours',
    before: settled(completedFields, { first_ms: '9'.repeat(16), attempts: '1e9' }),
    reply: ['COMPLETED', FINGERPRINT, '1', '9'.repeat(16), '1e9', '1', 'here'],
    decoded: { ...outcome, state: 'COMPLETED', isKeptHere: true },
  },
  { title: 'a value of another type', before: 'string', ...nothing },
  { title: 'a hash that is no record', before: settled({ name: 'value' }), ...nothing },
  { title: 'a state that nobody knows', before: settled(completedFields, { state: 'EXPIRED' }), ...nothing },
  { title: 'PENDING without an owner', before: without(pending(), 'owner'), ...nothing },
  { title: 'PENDING with a lease that is no number', before: pending({ fields: { lease_ends_ms: 'x' } }), ...nothing },
];

/** Whatever it finds, it leaves it as it was. */
export const lookRows: readonly ScriptRow[] = looks.map((row) => ({
  script: 'look',
  after: row.before === undefined ? 'absent' : 'untouched',
  ...row,
}));
