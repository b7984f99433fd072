import type { ScriptName } from '../../../../src/idempotency/redis/scripts.ts';
import {
  completedFields,
  type Fields,
  failedFields,
  pending,
  pendingOfOlderVersion,
  type ScriptRow,
  settled,
  unknownAttempts,
} from './script-row.ts';

const done = { reply: ['DONE'], decoded: 'done' } as const;
const lost = { reply: ['LOST'], decoded: 'lost', after: 'untouched' } as const;

/** The rows that complete and fail have in common: they differ in what they write only. */
function settling(script: ScriptName, outcome: Fields): readonly ScriptRow[] {
  const mine = { before: pending({ owner: 'me' }), ...done } as const;
  // What is known of the attempts stays known.
  const written = { after: { ...outcome, attempts: '2' }, stampsMs: { first_ms: -61_000 } };
  const unknown = { ...outcome, ...unknownAttempts };
  const rows: readonly Omit<ScriptRow, 'script'>[] = [
    {
      title: 'PENDING and its own: settled until the record is as old as it may get',
      ...mine,
      ...written,
      ttlMs: [29_000, 30_000],
    },
    {
      title: 'PENDING and its own, lease over, nobody has taken over: settled',
      before: pending({ owner: 'me', leaseLeftMs: -100 }),
      ...done,
      ...written,
      ttlMs: [29_000, 30_000],
    },
    {
      title: 'absent: settled, for the time to live that it was told',
      ...done,
      after: unknown,
      ttlMs: [59_000, 60_000],
    },
    {
      title: 'PENDING and its own, of an older version',
      before: pendingOfOlderVersion({ owner: 'me' }),
      ...done,
      after: unknown,
      ttlMs: [29_000, 30_000],
    },
    {
      title: 'a time to live shorter than what is left: counts',
      ...mine,
      args: { 'time to live': '10000' },
      ...written,
      ttlMs: [9_000, 10_000],
    },
    { title: 'a time to live that is over: nothing is kept', ...done, args: { 'time to live': '0' }, after: 'absent' },
    ...['', 'NaN'].map(
      (timeToLive): Omit<ScriptRow, 'script'> => ({
        title: `a time to live of ${JSON.stringify(timeToLive)}, which is no number: nothing is kept (L5)`,
        ...done,
        args: { 'time to live': timeToLive },
        after: 'absent',
      }),
    ),
    { title: "another's: nothing is changed (L2)", before: pending({ leaseLeftMs: -1 }), ...lost },
    {
      title: 'settled already: an answer never changes',
      before: settled(completedFields, { response: 'first' }),
      ...lost,
    },
    { title: 'failed already', before: settled(failedFields, { text: 'first' }), ...lost },
    { title: 'a hash that is no record', before: settled({ name: 'value' }), ...lost },
    { title: 'a value of another type', before: 'string', ...lost },
  ];
  return rows.map((row) => ({ script, ...row }));
}

/** What does not fit in here, or is to be kept in one place only. */
const ledgerOnly: readonly ScriptRow[] = [
  inLedger('complete', completedFields, { response: '' }),
  inLedger('fail', failedFields, { text: '', details: '' }),
];

function inLedger(script: ScriptName, outcome: Fields, left: Fields): ScriptRow {
  return {
    script,
    title: 'an outcome that is kept in the ledger only',
    before: pending({ owner: 'me' }),
    args: { kept: 'ledger', ...left },
    ...done,
    after: { ...outcome, kept: 'ledger', ...left, attempts: '2' },
    stampsMs: { first_ms: -61_000 },
    ttlMs: [29_000, 30_000],
  };
}

export const settleRows: readonly ScriptRow[] = [
  ...settling('complete', completedFields),
  ...settling('fail', failedFields),
  ...ledgerOnly,
];
