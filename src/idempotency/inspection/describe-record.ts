import { derivedKey } from '../key.ts';
import { STORED_FORM } from '../outcome.ts';
import type { RunningCall } from '../running/running-call.ts';
import type { ArchivedEntry, Remembered, RememberedClaim } from './ports.ts';
import type { RecordDescription } from './record-description.ts';

/** Everything that is known of a record, from all who know something. */
export interface Evidence {
  /** What Redis says; asked before the ledger, so that whoever settles the record in between is seen there. */
  readonly remembered: Remembered;
  /** What the ledger has. */
  readonly entry: ArchivedEntry | undefined;
  /** What a process says that runs it. */
  readonly running: RunningCall | undefined;
}

export interface RecordName {
  readonly principal: string;
  readonly method: string;
  readonly key: string;
  /** Whether the method lets a caller's own key be new when it has expired. */
  readonly expiredKeyIsNew: boolean;
}

/**
 * What there is to tell of a record; undefined: there is none. Redis is a hint and the ledger the truth: what is settled there is
 * settled, whatever runs or is said to run, and an outcome that it does not have is none.
 */
export function describeRecord(name: RecordName, evidence: Evidence): RecordDescription | undefined {
  const entry = evidence.entry?.age === 'forgotten' ? undefined : evidence.entry;
  if (entry?.age === 'live') {
    return describeLive(name, entry, evidence.remembered);
  }
  const isNew = entry === undefined || mayBeUsedAgain(name, entry);
  const pending = isNew ? describePending(name, evidence) : undefined;
  return pending ?? (entry && describeExpired(name, entry));
}

function describeLive(name: RecordName, entry: ArchivedEntry, remembered: Remembered): RecordDescription {
  const isSame =
    remembered.kind === 'settled' &&
    remembered.state === entry.state &&
    remembered.fingerprint.hash === entry.fingerprint.hash;
  // A first attempt behind the commit is one that began when Redis had forgotten the record: not the first one.
  const isFirst = isSame && (remembered.firstAttemptMs ?? Number.POSITIVE_INFINITY) <= entry.settledMs;
  const isReadable = entry.storedForm === STORED_FORM;
  return {
    ...describeEntry(name, entry),
    state: entry.state,
    firstAttemptTime: isFirst ? timeOf(remembered.firstAttemptMs) : undefined,
    attempts: isFirst ? remembered.attempts : undefined,
    answerPlace: isSame && remembered.isKeptHere ? 'redisAndLedger' : 'ledger',
    note: isReadable ? '' : `Its outcome is stored in form ${entry.storedForm}, which this version cannot read.`,
  };
}

function describeExpired(name: RecordName, entry: ArchivedEntry): RecordDescription {
  return {
    ...describeEntry(name, entry),
    state: 'EXPIRED',
    firstAttemptTime: undefined,
    attempts: undefined,
    answerPlace: 'nowhere',
    note: mayBeUsedAgain(name, entry) ? 'The next call with this key is a new one.' : 'A late retry is refused.',
  };
}

function describeEntry({ principal, method, key }: RecordName, entry: ArchivedEntry) {
  return {
    principal,
    method,
    key,
    keySource: isDerived(key, entry) ? 'derived' : 'client',
    fingerprint: entry.fingerprint,
    lastChangeTime: timeOf(entry.settledMs),
    expireTime: timeOf(entry.expiresMs),
    owner: undefined,
    failure: entry.failure,
  } as const;
}

function describePending(name: RecordName, { remembered, running }: Evidence): RecordDescription | undefined {
  const claim = remembered.kind === 'claimed' ? remembered : undefined;
  const known = claim ?? running;
  if (known === undefined) {
    return undefined;
  }
  const { principal, method, key } = name;
  return {
    principal,
    method,
    key,
    keySource: isDerived(key, known) ? 'derived' : 'client',
    state: 'PENDING',
    fingerprint: known.fingerprint,
    firstAttemptTime: timeOf(claim?.firstAttemptMs),
    lastChangeTime: timeOf(claim?.claimedMs),
    expireTime: undefined,
    owner: {
      process: claim === undefined ? running?.owner : claim.process,
      ageMs: known.ageMs,
      leaseLeftMs: claim?.leaseLeftMs,
    },
    attempts: claim?.attempts,
    failure: undefined,
    answerPlace: 'nowhere',
    note: noteOnPending(claim, remembered.kind !== 'unavailable'),
  };
}

function noteOnPending(claim: RememberedClaim | undefined, wasRedisAsked: boolean): string {
  if (claim === undefined) {
    return wasRedisAsked
      ? 'It runs without a claim in Redis: another attempt may begin, and the ledger decides which of the two counts.'
      : '';
  }
  return claim.leaseLeftMs > 0
    ? ''
    : 'The lease of its owner is over: it has died, or sleeps. The next call with this key takes over.';
}

function mayBeUsedAgain({ key, expiredKeyIsNew }: RecordName, entry: ArchivedEntry): boolean {
  return expiredKeyIsNew || isDerived(key, entry);
}

function isDerived(key: string, { fingerprint }: Pick<ArchivedEntry, 'fingerprint'>): boolean {
  return key === derivedKey(fingerprint);
}

function timeOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
