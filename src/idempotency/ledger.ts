import type { Fingerprint } from './fingerprint.ts';
import type { Outcome } from './outcome.ts';
import type { RecordIdentity } from './record.ts';

/**
 * The lasting memory of records, in the same database as the effects: its primary key on the record's id is what makes an
 * effect happen once.
 */
export interface Ledger {
  /**
   * Reads a record, from the primary.
   * @throws a transient fault if the database does not answer
   */
  read(id: string): Promise<LedgerRow | undefined>;
  /** Writes an entry alone, for outcomes that come without an effect in the database. Fails as a CommitWork does. */
  record(entry: LedgerEntry): Promise<CommitResult>;
}

/** What is to be written with an effect, in the same transaction. */
export interface LedgerEntry {
  readonly record: RecordIdentity;
  /** What goes on behind the commit belongs to the outcome's trace, if it has one. */
  readonly outcome: Outcome;
}

/** `conflict`: another attempt has settled the record, and nothing of this one was kept. */
export type CommitResult = 'committed' | 'conflict';

/**
 * Commits an effect together with its ledger entry.
 * @throws an IdempotencyError OUTCOME_UNKNOWN if the connection was lost while committing; any other error means that
 * nothing was committed
 */
export type CommitWork = (entry: LedgerEntry) => Promise<CommitResult>;

export interface LedgerRow {
  readonly fingerprint: Fingerprint;
  /** `live`: within its time to live; `expired`: past it, but remembered; `forgotten`: as good as absent. */
  readonly age: 'live' | 'expired' | 'forgotten';
  /** What is left of the time to live, by the database's clock, when the row is returned; 0 if it is over. */
  readonly timeLeftMs: number;
  /** The outcome, or the version of a stored form that this process does not know. */
  readonly outcome: Outcome | { readonly kind: 'unknownForm'; readonly form: number };
}
