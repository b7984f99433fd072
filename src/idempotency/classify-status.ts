import { status } from '@grpc/grpc-js';

/**
 * Which failures are an outcome (P8). The final ones say something about the request that no retry will change; all others
 * say something about the moment or about the caller's right to ask, and give the key back.
 */
const finalCodes: ReadonlySet<number> = new Set([
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
]);

/** Whether a handler's failure is remembered, so that every retry gets the same. */
export function isFinalFailure(code: number): boolean {
  return finalCodes.has(code);
}
