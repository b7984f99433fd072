import type { Promised } from './invariants.ts';
import type { ScopeName } from './scopes.ts';

export interface FlawFacts {
  /** What is broken, one transition each. */
  readonly what: string;
  /** What the search finds broken by it, and in which scope. */
  readonly breaks: Promised;
  readonly foundIn: ScopeName;
}

/** Bugs that can be planted: each is a mistake that somebody could make. */
export const flaws = {
  ownerCheckDroppedInComplete: {
    what: '`complete` and `fail` write whoever owns the record',
    breaks: 'owner',
    foundIn: 'two',
  },
  releaseWithoutOwnerCheck: { what: '`release` removes whatever is there', breaks: 'owner', foundIn: 'two' },
  fingerprintNotComparedInBegin: {
    what: '`begin` answers without comparing fingerprints',
    breaks: 'P3',
    foundIn: 'two',
  },
  fingerprintNotComparedInLedger: {
    what: 'the row of the ledger is judged without comparing fingerprints',
    breaks: 'P3',
    foundIn: 'two',
  },
  redisMismatchTrusted: {
    what: 'a call is refused because Redis says that another request has the key',
    breaks: 'P3',
    foundIn: 'three',
  },
  takeoverWithoutLedger: {
    what: 'who takes over a claim runs without a look into the ledger',
    breaks: 'waste',
    foundIn: 'two',
  },
  unansweredBeginWithoutLedger: {
    what: 'a call that Redis did not answer runs without a look into the ledger',
    breaks: 'waste',
    foundIn: 'two',
  },
  ledgerOutsideTransaction: {
    what: 'the order is committed apart from the ledger entry',
    breaks: 'P1',
    foundIn: 'two',
  },
  answerBeforeCommit: { what: 'OK is sent before the commit', breaks: 'P1', foundIn: 'two' },
  settledBeforeCommit: { what: 'Redis is told the outcome before the commit', breaks: 'P1', foundIn: 'two' },
  conflictIgnored: { what: 'a conflict on the primary key is taken for a commit', breaks: 'P1', foundIn: 'two' },
  liveRowReplaced: { what: 'the insert of an entry replaces whatever row is there', breaks: 'P1', foundIn: 'two' },
  expiredRowNotReplaced: {
    what: 'the insert of an entry replaces no row, however old',
    breaks: 'P6',
    foundIn: 'two',
  },
  unknownToldAsFailure: {
    what: 'a lost connection while committing is told as a final failure',
    breaks: 'P2',
    foundIn: 'two',
  },
  releaseAfterCommit: {
    what: 'the claim is released instead of settled after the commit',
    breaks: 'waste',
    foundIn: 'calm',
  },
  claimWithoutLease: { what: 'a claim has no end', breaks: 'P6', foundIn: 'two' },
  waiterMissesWakeUp: {
    what: 'a waiter asks again only if a message tells it to',
    breaks: 'P6',
    foundIn: 'two',
  },
} as const satisfies Record<string, FlawFacts>;

export type Flaw = keyof typeof flaws;
export type Flaws = ReadonlySet<Flaw>;

export const flawNames = Object.keys(flaws).filter((name): name is Flaw => name in flaws);
export const noFlaws: Flaws = new Set();

/** Those that break no promise to a caller: whatever Redis is told, the primary key of the ledger decides. */
export const harmlessFlaws = flawNames.filter((flaw) => ['owner', 'waste'].includes(flaws[flaw].breaks));
