import type { Outcome } from './outcome.ts';
import type { RecordIdentity } from './record.ts';

/**
 * The fast memory of records (Redis). It is allowed to be wrong, slow, forgetful or gone: what it says is a hint, and the
 * ledger is the truth (P5).
 *
 * Words: a *claim* is one attempt's hold on a record; its *owner* is a random token that only this attempt knows; the *lease*
 * is how long the claim keeps others out without being renewed.
 */
export interface Store {
  /** Makes the claim that an attempt is going to ask for. Nothing is sent yet. */
  newClaim(record: RecordIdentity): Claim;
  /** Claims a record, or says why not. */
  begin(claim: Claim): Promise<BeginReply>;
  /** Extends the lease of a claim. */
  renew(claim: Claim): Promise<ClaimReply>;
  /**
   * Settles a record, if this claim holds it or nobody does, and wakes whoever waits for it.
   * @param timeToLiveMs how long the outcome is kept if the store has no record of the first attempt
   */
  settle(claim: Claim, outcome: Outcome, timeToLiveMs: number): Promise<ClaimReply>;
  /** Gives up a claim, so that the next attempt may run at once, and wakes whoever waits for it. */
  release(claim: Claim): Promise<ClaimReply>;
  /** Listens for a record to be settled or released, from now on. */
  watch(id: string): Watch;
}

/** One attempt's hold on a record. */
export interface Claim {
  readonly record: RecordIdentity;
  /** The token that only this attempt knows. */
  readonly owner: string;
  /** The life of the database in which the attempt began; undefined while it is not known. */
  readonly epoch: string | undefined;
}

export type BeginReply =
  /** The caller owns the record now. `takeover`: an earlier owner's lease was over, and it may have committed. */
  | { readonly kind: 'acquired'; readonly takeover: boolean }
  /** Another attempt owns it; `claim` names that claim and changes with each renewal. */
  | { readonly kind: 'inProgress'; readonly claim: string; readonly leaseLeftMs: number }
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  /** Another request is running under the record, or was settled, as far as the store knows. */
  | { readonly kind: 'mismatch'; readonly isSettled: boolean }
  /** There is something under the record's name that the store cannot answer with: ask the ledger. */
  | { readonly kind: 'askLedger' }
  /** The store gave no answer in time. The claim may have been made all the same. */
  | { readonly kind: 'unavailable' };

/** `lost`: the claim is another's by now, which is normal after a pause; the ledger decides who wins. */
export type ClaimReply = 'done' | 'lost' | 'unavailable';

/** A subscription to one record's changes. */
export interface Watch extends Disposable {
  /**
   * Promises the next change from now on. Called before the store is asked, because a change may overtake the answer; a promise
   * that was given earlier is of no more use.
   */
  nextChange(): Promise<void>;
}
