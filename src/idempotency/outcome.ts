/**
 * The version of the form in which outcomes are stored, in Redis and in the ledger. Raise it when a stored outcome could no
 * longer be read as before; a version that a process does not know is never guessed at.
 */
export const STORED_FORM = 1;

/** Where an outcome comes from. */
interface Provenance {
  /** The place of the attempt in its trace, as W3C's `traceparent`; undefined: it was not traced. */
  readonly traceParent?: string | undefined;
}

/** A call that ran: its answer, encoded as it goes over the wire. */
export interface CompletedOutcome extends Provenance {
  readonly kind: 'completed';
  readonly response: Uint8Array;
}

/** A call that ran and failed for good: the status that every retry gets. */
export interface FailedOutcome extends Provenance {
  readonly kind: 'failed';
  /** A gRPC status code, never OK. */
  readonly code: number;
  readonly message: string;
  /** google.rpc.Status as it goes into `grpc-status-details-bin`; empty if there is none. */
  readonly details: Uint8Array;
}

/** What a record is settled with: the only thing a key is spent by (P8). */
export type Outcome = CompletedOutcome | FailedOutcome;
