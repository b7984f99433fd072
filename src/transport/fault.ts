import type { FieldViolation } from '../orders/errors.ts';
import { isReason, type Reason } from './status-table.ts';

/** What all errors of the house have in common, whichever room they come from. They are told by their reason, not their class. */
export interface Fault {
  readonly reason: Reason;
  readonly message: string;
  /** Every value that stands in the message. */
  readonly facts?: Readonly<Record<string, string>>;
  /** When the call may come again. */
  readonly retryAfterMs?: number | undefined;
  readonly violations?: readonly FieldViolation[];
  readonly resource?: { readonly type: string; readonly name: string } | undefined;
}

/** An error as a fault; whatever nobody foresaw is INTERNAL, and tells the caller nothing about our inside. */
export function toFault(error: unknown): Fault {
  if (isFault(error)) {
    return error;
  }
  return { reason: 'INTERNAL', message: 'The service met an error that it did not expect. Its log has more.' };
}

function isFault(error: unknown): error is Error & Fault {
  return error instanceof Error && 'reason' in error && isReason(error.reason);
}
