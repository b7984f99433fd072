import { expect } from '@jest/globals';
import {
  BINARY,
  completedFields,
  type Fields,
  failedFields,
  OTHER_FINGERPRINT,
  pending,
  pendingOfOlderVersion,
  request,
  type ScriptRow,
  settled,
  unknownAttempts,
  usualArguments,
  without,
} from './script-row.ts';

const mine: Fields = { state: 'PENDING', ...request, owner: 'me', process: 'here:1', attempts: '1' };
const ttlMs = [5_000, 6_000] as const;
const leased = { stampsMs: { lease_ends_ms: 5_000, expires_ms: 60_000, first_ms: 0, claimed_ms: 0 }, ttlMs } as const;
const stampsAgain = { lease_ends_ms: 5_000, expires_ms: 30_000, claimed_ms: 0 } as const;
/** The third attempt, of which the first began a minute and a second ago. */
const leasedAgain = {
  after: { ...mine, attempts: '3' },
  stampsMs: { ...stampsAgain, first_ms: -61_000 },
  ttlMs,
} as const;
const fresh = { reply: ['ACQUIRED', 'FRESH'], decoded: { kind: 'acquired', takeover: false } } as const;
const takeover = { reply: ['ACQUIRED', 'TAKEOVER'], decoded: { kind: 'acquired', takeover: true } } as const;
const traceParent = usualArguments['trace'];
const foreign = { reply: ['FOREIGN'], decoded: { kind: 'askLedger' }, after: 'untouched' } as const;
const ledger = { reply: ['LEDGER'], decoded: { kind: 'askLedger' }, after: 'untouched' } as const;
const running = {
  reply: ['MISMATCH', 'PENDING'],
  decoded: { kind: 'mismatch', isSettled: false },
  after: 'untouched',
} as const;
const over = { ...running, reply: ['MISMATCH', 'SETTLED'], decoded: { kind: 'mismatch', isSettled: true } } as const;

const acquiring: readonly Omit<ScriptRow, 'script'>[] = [
  { title: 'absent: acquired', ...fresh, after: mine, ...leased },
  {
    title: 'its own claim, of a first try that arrived although it timed out: acquired',
    before: pending({ owner: 'me' }),
    reply: ['ACQUIRED', 'OWN'],
    decoded: { kind: 'acquired', takeover: false },
    after: { ...mine, attempts: '2' },
    stampsMs: { ...stampsAgain, first_ms: -61_000, claimed_ms: -1_000 },
    ttlMs,
  },
  {
    title: 'PENDING, lease over: taken over, and the time of the first attempt is kept',
    before: pending({ leaseLeftMs: -1 }),
    ...takeover,
    ...leasedAgain,
  },
  {
    title: 'PENDING, lease in a future that no lease reaches (the clock was set back): counts as over',
    before: pending({ leaseLeftMs: 3_600_000 }),
    ...takeover,
    ...leasedAgain,
  },
  {
    title: 'PENDING, lease over, fingerprint of another version: taken over',
    before: pending({ leaseLeftMs: -1, fields: { fingerprint: OTHER_FINGERPRINT, fingerprint_version: '2' } }),
    ...takeover,
    ...leasedAgain,
  },
  {
    title: 'PENDING of an older version, lease over: taken over, and what nobody has counted is not known',
    before: pendingOfOlderVersion({ leaseLeftMs: -1 }),
    ...takeover,
    after: { ...mine, ...unknownAttempts },
    stampsMs: stampsAgain,
    ttlMs,
  },
  {
    title: 'its own claim, of an older version',
    before: pendingOfOlderVersion({ owner: 'me' }),
    reply: ['ACQUIRED', 'OWN'],
    decoded: { kind: 'acquired', takeover: false },
    after: { ...mine, ...unknownAttempts, claimed_ms: '' },
    stampsMs: { lease_ends_ms: 5_000, expires_ms: 30_000 },
    ttlMs,
  },
];

/** L5: whatever a lease is said to be, the claim ends. */
const oddLeases: readonly Omit<ScriptRow, 'script'>[] = ['0', '-5000', '', 'soon', 'NaN', 'Infinity', '1e300'].map(
  (lease) => ({
    title: `absent, a lease of ${JSON.stringify(lease)} ms: acquired, and the key still ends`,
    args: { lease },
    ...fresh,
    after: 'ending',
    ttlMs: [0, 120_000],
  }),
);

const answering: readonly Omit<ScriptRow, 'script'>[] = [
  {
    title: 'PENDING of another owner, lease running: in progress, and the owner is told that somebody waits',
    before: pending(),
    reply: ['IN_PROGRESS', expect.stringMatching(/^them:\d{13}$/), expect.closeTo(3_000, -3)],
    decoded: {
      kind: 'inProgress',
      claim: expect.stringMatching(/^them:\d{13}$/),
      leaseLeftMs: expect.closeTo(3_000, -3),
    },
    after: { state: 'PENDING', ...request, owner: 'them', process: 'there:2', attempts: '2', waited: '1' },
    stampsMs: { lease_ends_ms: 3_000, expires_ms: 30_000, first_ms: -61_000, claimed_ms: -1_000 },
  },
  {
    title: 'COMPLETED: the answer, with every byte (S1)',
    before: settled(completedFields),
    reply: ['COMPLETED', BINARY, traceParent],
    decoded: { kind: 'settled', outcome: { kind: 'completed', response: Buffer.from(BINARY, 'latin1'), traceParent } },
    after: 'untouched',
  },
  {
    title: 'COMPLETED by an older version, or by a call that was not traced',
    before: without(settled(completedFields), 'trace'),
    reply: ['COMPLETED', BINARY, ''],
    decoded: { kind: 'settled', outcome: { kind: 'completed', response: Buffer.from(BINARY, 'latin1') } },
    after: 'untouched',
  },
  {
    title: 'COMPLETED, fingerprint of another version: never a mismatch, and not believed',
    before: settled(completedFields, { fingerprint: OTHER_FINGERPRINT, fingerprint_version: '2' }),
    ...ledger,
  },
  {
    title: 'FAILED: status, message and details',
    before: settled(failedFields),
    reply: ['FAILED', '5', 'gone', BINARY, traceParent],
    decoded: {
      kind: 'settled',
      outcome: { kind: 'failed', code: 5, message: 'gone', details: Buffer.from(BINARY, 'latin1'), traceParent },
    },
    after: 'untouched',
  },
  {
    title: 'COMPLETED, the answer kept in the ledger',
    before: settled(completedFields, { kept: 'ledger' }),
    ...ledger,
  },
  { title: 'COMPLETED in a form of another version', before: settled(completedFields, { form: '99' }), ...ledger },
  { title: 'FAILED in a form of another version', before: settled(failedFields, { form: '99' }), ...ledger },
];

const other: Fields = { fingerprint: OTHER_FINGERPRINT };
const refusing: readonly Omit<ScriptRow, 'script'>[] = [
  { title: 'PENDING of another request', before: pending({ fields: other }), ...running },
  {
    title: 'PENDING of another request, lease over',
    before: pending({ fields: other, leaseLeftMs: -1 }),
    ...running,
  },
  {
    title: "PENDING of another request, long over: in nobody's way, and its attempts are none of this request",
    before: pending({ fields: other, leaseLeftMs: -5_000 }),
    ...takeover,
    after: mine,
    stampsMs: { ...stampsAgain, first_ms: 0 },
    ttlMs,
  },
  { title: 'COMPLETED for another request', before: settled(completedFields, other), ...over },
  { title: 'FAILED for another request', before: settled(failedFields, other), ...over },
];

const foreigners: readonly Omit<ScriptRow, 'script'>[] = [
  { title: 'a value of another type', before: 'string', ...foreign },
  { title: 'a hash that is no record', before: settled({ name: 'value' }), ...foreign },
  { title: 'a state that nobody knows', before: settled(completedFields, { state: 'EXPIRED' }), ...foreign },
  { title: 'PENDING without an owner', before: without(pending(), 'owner'), ...foreign },
  { title: 'PENDING without a lease', before: without(pending(), 'lease_ends_ms'), ...foreign },
  { title: 'PENDING with a lease that is no number', before: pending({ fields: { lease_ends_ms: 'x' } }), ...foreign },
  { title: 'COMPLETED without an answer', before: without(settled(completedFields), 'response'), ...foreign },
  { title: 'FAILED without a message', before: without(settled(failedFields), 'text'), ...foreign },
];

export const beginRows: readonly ScriptRow[] = [
  ...acquiring,
  ...oddLeases,
  ...answering,
  ...refusing,
  ...foreigners,
].map((row) => ({ script: 'begin', ...row }));
