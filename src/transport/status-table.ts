import { status } from '@grpc/grpc-js';

/** Reasons that only the transport gives. */
export type TransportReason =
  | 'TOO_MANY_CALLS'
  | 'TOO_MANY_STREAMS'
  | 'TOO_MANY_ANSWERS'
  | 'CALL_LIMIT_EXCEEDED'
  | 'SHUTTING_DOWN'
  | 'INTERNAL';

interface StatusRow {
  readonly code: status;
  /** Who defines the reason: ErrorInfo.domain. */
  readonly domain: 'orders.v1' | 'idempotency.v1';
}

const orders = (code: status): StatusRow => ({ code, domain: 'orders.v1' });
const idempotency = (code: status): StatusRow => ({ code, domain: 'idempotency.v1' });

/** The one place where errors become gRPC statuses: every reason that a caller can meet. */
export const statusTable = {
  // What is wrong with the request: nothing was done and no key was spent.
  INVALID_REQUEST: orders(status.INVALID_ARGUMENT),
  INVALID_PAGE_TOKEN: orders(status.INVALID_ARGUMENT),
  REQUEST_MALFORMED: idempotency(status.INVALID_ARGUMENT),
  IDEMPOTENCY_KEY_INVALID: idempotency(status.INVALID_ARGUMENT),
  IDEMPOTENCY_KEY_REQUIRED: idempotency(status.INVALID_ARGUMENT),
  IDEMPOTENCY_KEY_REUSED: idempotency(status.INVALID_ARGUMENT),
  INVALID_RECORD_REQUEST: idempotency(status.INVALID_ARGUMENT),
  INVALID_RECORD_PAGE_TOKEN: idempotency(status.INVALID_ARGUMENT),
  // What the request cannot have.
  ORDER_NOT_FOUND: orders(status.NOT_FOUND),
  RECORD_NOT_FOUND: idempotency(status.NOT_FOUND),
  ORDER_NOT_CANCELLABLE: orders(status.FAILED_PRECONDITION),
  SEQUENCE_AHEAD: orders(status.OUT_OF_RANGE),
  EVENTS_TRIMMED: orders(status.OUT_OF_RANGE),
  IDEMPOTENCY_KEY_EXPIRED: idempotency(status.FAILED_PRECONDITION),
  RESPONSE_TOO_LARGE: idempotency(status.RESOURCE_EXHAUSTED),
  // What a retry with the same key can cure.
  IDEMPOTENCY_KEY_IN_PROGRESS: idempotency(status.UNAVAILABLE),
  OUTCOME_UNKNOWN: idempotency(status.UNAVAILABLE),
  STORED_FORM_UNKNOWN: idempotency(status.UNAVAILABLE),
  TOO_MANY_WAITERS: idempotency(status.RESOURCE_EXHAUSTED),
  TOO_MANY_RUNS: idempotency(status.RESOURCE_EXHAUSTED),
  TOO_MANY_CALLS: orders(status.RESOURCE_EXHAUSTED),
  TOO_MANY_STREAMS: orders(status.RESOURCE_EXHAUSTED),
  TOO_MANY_ANSWERS: orders(status.RESOURCE_EXHAUSTED),
  CALL_LIMIT_EXCEEDED: orders(status.DEADLINE_EXCEEDED),
  ORDER_BUSY: orders(status.UNAVAILABLE),
  SHUTTING_DOWN: orders(status.UNAVAILABLE),
  DATABASE_UNAVAILABLE: orders(status.UNAVAILABLE),
  DATABASE_BUSY: orders(status.UNAVAILABLE),
  // What is our own fault.
  DATABASE_REFUSED: orders(status.INTERNAL),
  RESPONSE_NOT_ENCODABLE: idempotency(status.INTERNAL),
  INTERNAL: orders(status.INTERNAL),
} as const satisfies Record<string, StatusRow>;

export type Reason = keyof typeof statusTable;

export function isReason(text: unknown): text is Reason {
  return typeof text === 'string' && Object.hasOwn(statusTable, text);
}
