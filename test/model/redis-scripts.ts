import type { Flaws } from './flaws.ts';
import { absent, isSameRequest, type Outcome, type RedisRecord, type State } from './state.ts';

// The scripts of src/idempotency/redis as functions: what was there, what is there afterwards, and the reply.

export type BeginBranch =
  | 'fresh'
  | 'own'
  | 'takeover'
  | 'in-progress'
  | 'settled'
  | 'mismatch-pending'
  | 'mismatch-settled'
  | 'foreign';

/** begin.lua */
export function beginScript(
  state: State,
  me: number,
  flaws: Flaws,
): { readonly branch: BeginBranch; readonly redis: RedisRecord } {
  const { redis } = state;
  const claimed: RedisRecord = { kind: 'pending', owner: me, lease: 'running' };
  const isOther = (attempt: number) =>
    !isSameRequest(state, attempt, me) && !flaws.has('fingerprintNotComparedInBegin');
  switch (redis.kind) {
    case 'absent':
      return { branch: 'fresh', redis: claimed };
    case 'foreign':
      return { branch: 'foreign', redis };
    case 'settled':
      return { branch: isOther(redis.outcome.by) ? 'mismatch-settled' : 'settled', redis };
    case 'pending':
      if (isOther(redis.owner) && redis.lease !== 'forgotten') {
        return { branch: 'mismatch-pending', redis };
      }
      if (redis.owner === me) {
        return { branch: 'own', redis: claimed };
      }
      return redis.lease === 'running' ? { branch: 'in-progress', redis } : { branch: 'takeover', redis: claimed };
    default:
      throw new Error(`unknown record ${JSON.stringify(redis satisfies never)}`);
  }
}

export function isOwn(redis: RedisRecord, me: number): boolean {
  return redis.kind === 'pending' && redis.owner === me;
}

/** renew.lua */
export function renewScript(redis: RedisRecord, me: number): RedisRecord {
  return isOwn(redis, me) ? { kind: 'pending', owner: me, lease: 'running' } : redis;
}

/** complete.lua and fail.lua; undefined: LOST */
export function settleScript(redis: RedisRecord, me: number, outcome: Outcome, flaws: Flaws): RedisRecord | undefined {
  const may = redis.kind === 'absent' || isOwn(redis, me) || flaws.has('ownerCheckDroppedInComplete');
  return may ? { kind: 'settled', outcome } : undefined;
}

/** release.lua; undefined: LOST */
export function releaseScript(redis: RedisRecord, me: number, flaws: Flaws): RedisRecord | undefined {
  return isOwn(redis, me) || flaws.has('releaseWithoutOwnerCheck') ? absent : undefined;
}
