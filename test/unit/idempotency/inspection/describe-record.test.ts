import { describe, expect, test } from '@jest/globals';
import { describeRecord } from '../../../../src/idempotency/inspection/describe-record.ts';
import type { ArchivedEntry, Remembered } from '../../../../src/idempotency/inspection/ports.ts';
import type { RunningCall } from '../../../../src/idempotency/running/running-call.ts';
import { hashOf } from '../record-of.ts';

const fingerprint = { version: 1, hash: hashOf('request') };
const name = { principal: 'ann', method: '/test.v1.TestService/Test', key: 'k', expiredKeyIsNew: false };
const settledMs = 1_700_000_000_000;

const entry: ArchivedEntry = {
  id: 'a1'.repeat(32),
  method: name.method,
  key: 'k',
  fingerprint,
  state: 'COMPLETED',
  storedForm: 1,
  failure: undefined,
  settledMs,
  expiresMs: settledMs + 86_400_000,
  age: 'live',
};
const ledger = {
  none: undefined,
  live: entry,
  'live, FAILED': { ...entry, state: 'FAILED', failure: { code: 5, message: 'gone' } },
  expired: { ...entry, age: 'expired' },
  forgotten: { ...entry, age: 'forgotten' },
} as const satisfies Record<string, ArchivedEntry | undefined>;

const attempts = { fingerprint, firstAttemptMs: settledMs - 2_000, attempts: 2 };
const claim = {
  kind: 'claimed',
  ...attempts,
  process: { host: 'there', processId: 2 },
  claimedMs: settledMs - 1_000,
  ageMs: 1_000,
  leaseLeftMs: 3_000,
} as const;
const settled = { kind: 'settled', ...attempts, state: 'COMPLETED', isKeptHere: true } as const;
const redis = {
  unavailable: { kind: 'unavailable' },
  nothing: { kind: 'nothing' },
  claim,
  'claim, lease over': { ...claim, leaseLeftMs: 0 },
  settled,
  'settled, kept in the ledger': { ...settled, isKeptHere: false },
  'settled, FAILED': { ...settled, state: 'FAILED' },
} as const satisfies Record<string, Remembered>;

type Told = 'not there' | readonly [state: string, answerPlace?: string, attempts?: number];

/** Redis × ledger: where the ledger has something that counts, Redis adds to it and changes nothing. */
const table: Readonly<Record<keyof typeof redis, Readonly<Record<keyof typeof ledger, Told>>>> = {
  unavailable: {
    none: 'not there',
    live: ['COMPLETED', 'ledger'],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: 'not there',
  },
  nothing: {
    none: 'not there',
    live: ['COMPLETED', 'ledger'],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: 'not there',
  },
  claim: {
    none: ['PENDING', 'nowhere', 2],
    live: ['COMPLETED', 'ledger'],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: ['PENDING', 'nowhere', 2],
  },
  'claim, lease over': {
    none: ['PENDING', 'nowhere', 2],
    live: ['COMPLETED', 'ledger'],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: ['PENDING', 'nowhere', 2],
  },
  settled: {
    none: 'not there',
    live: ['COMPLETED', 'redisAndLedger', 2],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: 'not there',
  },
  'settled, kept in the ledger': {
    none: 'not there',
    live: ['COMPLETED', 'ledger', 2],
    'live, FAILED': ['FAILED', 'ledger'],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: 'not there',
  },
  'settled, FAILED': {
    none: 'not there',
    live: ['COMPLETED', 'ledger'],
    'live, FAILED': ['FAILED', 'redisAndLedger', 2],
    expired: ['EXPIRED', 'nowhere'],
    forgotten: 'not there',
  },
};

const cases = Object.entries(redis).flatMap(([inRedis, remembered]) =>
  Object.entries(ledger).map(([inLedger, found]) => ({ inRedis, inLedger, remembered, entry: found })),
);

function toldOf(record: ReturnType<typeof describeRecord>): Told {
  if (record === undefined) return 'not there';
  const { state, answerPlace, attempts } = record;
  return attempts === undefined ? [state, answerPlace] : [state, answerPlace, attempts];
}

const expectedOf = (inRedis: string, inLedger: string): Told | undefined =>
  Object.entries(Object.entries(table).find(([key]) => key === inRedis)?.[1] ?? {}).find(
    ([key]) => key === inLedger,
  )?.[1];

test.each(cases)('Redis: $inRedis; ledger: $inLedger', ({ inRedis, inLedger, remembered, entry }) => {
  const record = describeRecord(name, { remembered, entry, running: undefined });
  expect(toldOf(record)).toEqual(expectedOf(inRedis, inLedger));
});

const running: RunningCall = { ...entry, principal: 'ann', owner: { host: 'here', processId: 1 }, ageMs: 5_000 };

test.each(cases)('and a process runs it: $inRedis; $inLedger', ({ inRedis, inLedger, remembered, entry }) => {
  const record = describeRecord(name, { remembered, entry, running });
  const without = expectedOf(inRedis, inLedger);
  expect(record?.state).toBe(without === 'not there' ? 'PENDING' : without?.[0]);
});

describe('PENDING', () => {
  test('is told of as Redis has it', () => {
    expect(describeRecord(name, { remembered: claim, entry: undefined, running })).toMatchObject({
      keySource: 'client',
      fingerprint,
      firstAttemptTime: new Date(claim.firstAttemptMs),
      lastChangeTime: new Date(claim.claimedMs),
      expireTime: undefined,
      owner: { process: claim.process, ageMs: 1_000, leaseLeftMs: 3_000 },
      note: '',
    });
  });

  test.each([
    ['lease over', redis['claim, lease over'], /^The lease of its owner is over/],
    ['without a claim', redis.nothing, /^It runs without a claim in Redis/],
    ['Redis not asked', redis.unavailable, /^$/],
  ])('%s: the note', (_what, remembered, note) => {
    expect(describeRecord(name, { remembered, entry: undefined, running })?.note).toMatch(note);
  });

  test('without a claim, its process is who says that it runs it, and the lease is not known', () => {
    expect(describeRecord(name, { remembered: redis.nothing, entry: undefined, running })?.owner).toEqual({
      process: running.owner,
      ageMs: 5_000,
      leaseLeftMs: undefined,
    });
  });
});

describe('an expired key that may be used again', () => {
  const derived = { ...name, key: `sha256-${fingerprint.hash}` };
  test.each([
    ['by its method', { ...name, expiredKeyIsNew: true }, 'client'],
    ['because it was derived', derived, 'derived'],
  ])('%s: PENDING while it runs, else EXPIRED and open', (_why, key, keySource) => {
    const evidence = { remembered: claim, entry: ledger.expired, running: undefined };
    expect(describeRecord(key, evidence)).toMatchObject({ state: 'PENDING', keySource });
    expect(describeRecord(key, { ...evidence, remembered: redis.nothing })).toMatchObject({
      state: 'EXPIRED',
      keySource,
      note: 'The next call with this key is a new one.',
    });
  });
});

describe('what Redis says of the attempts of a settled record is told', () => {
  const live = (remembered: Remembered) => describeRecord(name, { remembered, entry, running: undefined });
  test('if it is of the same request', () => {
    expect(live(settled)?.firstAttemptTime).toEqual(new Date(settled.firstAttemptMs));
    const other = { ...settled, fingerprint: { version: 1, hash: hashOf('another') } };
    expect(live(other)).toMatchObject({ firstAttemptTime: undefined, attempts: undefined, answerPlace: 'ledger' });
  });

  test('if the first attempt was before the commit: a later one began when Redis had forgotten the record', () => {
    expect(live({ ...settled, firstAttemptMs: settledMs + 1 })).toMatchObject({
      firstAttemptTime: undefined,
      attempts: undefined,
    });
    expect(live({ ...settled, firstAttemptMs: settledMs })?.attempts).toBe(2);
  });
});

test('an outcome in a form of another version is told of, with a note', () => {
  const foreign = { ...entry, storedForm: 99 };
  expect(describeRecord(name, { remembered: redis.nothing, entry: foreign, running: undefined })).toMatchObject({
    state: 'COMPLETED',
    note: 'Its outcome is stored in form 99, which this version cannot read.',
  });
});
