import type { Fingerprint } from '../fingerprint.ts';
import type { ProcessIdentity } from '../own-process.ts';

/** Where the fast memory of records (Redis) is looked at. What it says is a hint. */
export interface RecordMemory {
  /** @param leaseMs how long claims of the record are good for, by the policy of its method */
  look(id: string, leaseMs: number): Promise<Remembered>;
}

/** What the fast memory says of a record. */
export type Remembered =
  /** It gave no answer in time, or there is none. */
  | { readonly kind: 'unavailable' }
  /** Nothing, or something that is no record. */
  | { readonly kind: 'nothing' }
  | RememberedClaim
  | RememberedOutcome;

interface RememberedAttempts {
  readonly fingerprint: Fingerprint;
  readonly firstAttemptMs: number | undefined;
  readonly attempts: number | undefined;
}

export interface RememberedClaim extends RememberedAttempts {
  readonly kind: 'claimed';
  readonly process: ProcessIdentity | undefined;
  readonly claimedMs: number | undefined;
  readonly ageMs: number | undefined;
  /** 0: the lease is over. */
  readonly leaseLeftMs: number;
}

export interface RememberedOutcome extends RememberedAttempts {
  readonly kind: 'settled';
  readonly state: 'COMPLETED' | 'FAILED';
  /** Whether repeated calls get the outcome from here. */
  readonly isKeptHere: boolean;
}

/** The fast memory of a service without Redis. */
export const noMemory: RecordMemory = { look: async () => ({ kind: 'unavailable' }) };

/** Where the ledger's entries are looked at. */
export interface RecordArchive {
  /** What the ledger has of these records, by their ids. @throws a transient fault if the database does not answer */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, ArchivedEntry>>;
  /** A principal's entries, newest first. @throws a transient fault if the database does not answer */
  list(query: ArchiveQuery): Promise<ArchivePage>;
}

/** A ledger entry without its answer. */
export interface ArchivedEntry {
  readonly id: string;
  readonly method: string;
  readonly key: string;
  readonly fingerprint: Fingerprint;
  readonly state: 'COMPLETED' | 'FAILED';
  /** The version of the form in which the outcome is stored. */
  readonly storedForm: number;
  readonly failure: { readonly code: number; readonly message: string } | undefined;
  readonly settledMs: number;
  readonly expiresMs: number;
  /** `live`: within its time to live; `expired`: past it, but remembered; `forgotten`: as good as absent. */
  readonly age: 'live' | 'expired' | 'forgotten';
}

export type ArchivedState = 'COMPLETED' | 'FAILED' | 'EXPIRED';

export interface ArchiveQuery {
  readonly principal: string;
  /** Only entries of this method; undefined: of all. */
  readonly method: string | undefined;
  readonly states: readonly ArchivedState[];
  readonly limit: number;
  /** Only entries behind this place. */
  readonly after: ArchivePlace | undefined;
}

/** A place in the list. */
export interface ArchivePlace {
  readonly settledMs: number;
  readonly id: string;
}

export interface ArchivePage {
  readonly entries: readonly ArchivedEntry[];
  /** Behind which place there may be more; undefined: there is nothing more. */
  readonly next: ArchivePlace | undefined;
}
