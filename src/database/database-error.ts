/** Why the database did not do what it was asked. Sent as ErrorInfo.reason in the domain `orders.v1`. */
export type DatabaseReason = 'DATABASE_UNAVAILABLE' | 'DATABASE_BUSY' | 'DATABASE_REFUSED';

/** When a call that met a fault of the database may come again. */
const RETRY_AFTER_MS = 1_000;

/**
 * The database did not do it, and it is certain that it did not: nothing was committed. Faults of the moment may be retried;
 * DATABASE_REFUSED is a fault of ours.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly reason: DatabaseReason;
  readonly facts: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(reason: DatabaseReason, message: string, cause: unknown, facts: Readonly<Record<string, string>> = {}) {
    super(message, { cause });
    this.reason = reason;
    this.facts = facts;
    this.retryAfterMs = reason === 'DATABASE_REFUSED' ? undefined : RETRY_AFTER_MS;
  }
}

/** The statement was sent and its end was not heard of: it may have been committed. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';

  constructor(cause: unknown) {
    super('The connection to the database was lost before the answer came.', { cause });
  }
}
