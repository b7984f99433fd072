import { createHash } from 'node:crypto';
import type { MethodPolicy, RecordIdentity } from '../../../src/idempotency/index.ts';
import { type RecordParts, recordIdentity } from '../../../src/idempotency/record.ts';

export const somePolicy: MethodPolicy = {
  keyRequired: false,
  timeToLiveMs: 86_400_000,
  leaseMs: 5_000,
  longestWaitMs: 30_000,
  expiredKeyIsNew: false,
  fingerprintExclusions: [],
};

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A record of a request, under the caller's key `k` unless told otherwise. */
export function recordOf(request: string, parts: Partial<RecordParts> = {}): RecordIdentity {
  return recordIdentity({
    principal: 'anonymous',
    method: '/test.v1.TestService/Test',
    key: { value: 'k', source: 'client' },
    fingerprint: { version: 1, hash: hashOf(request) },
    policy: somePolicy,
    ...parts,
  });
}
