/** Why a call was refused by the idempotency protocol. Each reason is sent as ErrorInfo.reason in the domain `idempotency.v1`. */
export type IdempotencyReason =
  | 'IDEMPOTENCY_KEY_INVALID'
  | 'IDEMPOTENCY_KEY_REQUIRED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'IDEMPOTENCY_KEY_IN_PROGRESS'
  | 'IDEMPOTENCY_KEY_EXPIRED'
  | 'OUTCOME_UNKNOWN'
  | 'REQUEST_MALFORMED'
  | 'RESPONSE_TOO_LARGE'
  | 'RESPONSE_NOT_ENCODABLE'
  | 'STORED_FORM_UNKNOWN'
  | 'TOO_MANY_RUNS'
  | 'TOO_MANY_WAITERS';

export interface IdempotencyErrorOptions {
  /** Every value that stands in the message, for programs. */
  readonly facts?: Readonly<Record<string, string>>;
  /** When the same call may be tried again, in milliseconds; only for reasons that a retry can cure. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * A call that the protocol refuses or cannot answer. It carries no gRPC status: that is given in the one place where the
 * server turns errors into statuses. Tell it by its name, not by `instanceof`: two copies of this library may be
 * loaded.
 */
export class IdempotencyError extends Error {
  override readonly name = 'IdempotencyError';
  readonly reason: IdempotencyReason;
  readonly facts: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(reason: IdempotencyReason, message: string, options: IdempotencyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.facts = options.facts ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether an error is one of the protocol, also if another copy of this library has made it. */
export function isIdempotencyError(error: unknown): error is IdempotencyError {
  return error instanceof Error && error.name === 'IdempotencyError' && 'reason' in error;
}

/** The caller went away while it waited; nobody is left to read an answer. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';
}
