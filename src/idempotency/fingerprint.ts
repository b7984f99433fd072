import { hash } from 'node:crypto';
import { lengthPrefixed } from './length-prefixed.ts';

/**
 * The version of the way a fingerprint is computed. Raise it with every change of what goes into it: fingerprints of
 * different versions are never compared, so that a rolling deploy does not turn a retry into IDEMPOTENCY_KEY_REUSED.
 */
export const FINGERPRINT_VERSION = 1;

/** What tells two requests apart. */
export interface Fingerprint {
  readonly version: number;
  /** SHA-256 in 64 hex digits. */
  readonly hash: string;
}

/**
 * Computes the fingerprint of a request.
 * @param method the method's full name, `/package.Service/Method`
 * @param canonicalBytes the request's canonical bytes without the fields that the method's policy excludes
 */
export function fingerprintOf(method: string, canonicalBytes: Uint8Array): Fingerprint {
  const hashed = Buffer.concat([Uint8Array.of(FINGERPRINT_VERSION), lengthPrefixed(method), canonicalBytes]);
  return { version: FINGERPRINT_VERSION, hash: hash('sha256', hashed) };
}

/** Whether the two are known to be of different requests; false if they were computed in different ways. */
export function differ(one: Fingerprint, other: Fingerprint): boolean {
  return one.version === other.version && one.hash !== other.hash;
}
