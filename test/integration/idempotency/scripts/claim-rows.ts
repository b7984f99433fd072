import { completedFields, pending, request, type ScriptRow, settled } from './script-row.ts';

const done = { reply: ['DONE'], decoded: 'done' } as const;
const lost = { reply: ['LOST'], decoded: 'lost', after: 'untouched' } as const;
const renewed = { state: 'PENDING', ...request, owner: 'me', process: 'there:2', attempts: '2' };

const strangers = [
  { title: 'absent', ...lost, after: 'absent' },
  { title: "another's (L2)", before: pending(), ...lost },
  { title: "another's, lease over", before: pending({ leaseLeftMs: -1 }), ...lost },
  { title: 'settled', before: settled(completedFields), ...lost },
  { title: 'a hash that is no record', before: settled({ owner: 'me' }), ...lost },
  { title: 'a value of another type', before: 'string', ...lost },
] as const satisfies readonly Omit<ScriptRow, 'script'>[];

const renewing: readonly Omit<ScriptRow, 'script'>[] = [
  {
    title: 'PENDING and its own: another lease, and no longer life',
    before: pending({ owner: 'me', leaseLeftMs: 100 }),
    ...done,
    after: renewed,
    stampsMs: { lease_ends_ms: 5_000, expires_ms: 30_000, first_ms: -61_000, claimed_ms: -1_000 },
    ttlMs: [5_000, 6_000],
  },
  ...['0', '-5000', 'NaN'].map(
    (lease): Omit<ScriptRow, 'script'> => ({
      title: `PENDING and its own, a lease of ${lease} ms: the key still ends (L5)`,
      before: pending({ owner: 'me' }),
      args: { lease },
      ...done,
      after: 'ending',
      ttlMs: [0, 120_000],
    }),
  ),
  ...strangers,
];

const releasing: readonly Omit<ScriptRow, 'script'>[] = [
  { title: 'PENDING and its own: absent', before: pending({ owner: 'me' }), ...done, after: 'absent' },
  ...strangers,
];

export const claimRows: readonly ScriptRow[] = [
  ...renewing.map((row): ScriptRow => ({ script: 'renew', ...row })),
  ...releasing.map((row): ScriptRow => ({ script: 'release', ...row })),
];
