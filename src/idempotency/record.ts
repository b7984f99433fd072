import { hash } from 'node:crypto';
import type { CallTrace } from './call-trace.ts';
import type { Fingerprint } from './fingerprint.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { MethodPolicy } from './policy.ts';

/** Where the key of a call came from. */
export type KeySource = 'client' | 'derived';

/** The idempotency key that counts for a call. */
export interface IdempotencyKey {
  readonly value: string;
  readonly source: KeySource;
}

/** Which record a call is about. Frozen before any handler sees the request. */
export interface RecordIdentity {
  /** SHA-256 of principal, method and key in 64 hex digits. */
  readonly id: string;
  readonly principal: string;
  /** The method's full name, `/package.Service/Method`. */
  readonly method: string;
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
  readonly policy: MethodPolicy;
  /** What names the call that asks for the record in logs; no part of what the record is. */
  readonly labels: Readonly<Record<string, string>>;
  /** The trace of that call; undefined: it is not traced. */
  readonly trace: CallTrace | undefined;
}

/** What a record's identity is made of. */
export type RecordParts = Omit<RecordIdentity, 'id' | 'labels' | 'trace'> &
  Partial<Pick<RecordIdentity, 'labels' | 'trace'>>;

/** Makes the identity of a call's record. */
export function recordIdentity(parts: RecordParts): RecordIdentity {
  return Object.freeze({
    labels: {},
    trace: undefined,
    ...parts,
    id: recordId(parts.principal, parts.method, parts.key.value),
  });
}

/** The id of a record. Principals, methods and keys are strangers to each other (P9). */
export function recordId(principal: string, method: string, key: string): string {
  return hash('sha256', Buffer.concat([principal, method, key].map(lengthPrefixed)));
}
