import type { Flaws } from './flaws.ts';
import { arrive, isAlive } from './local-runs.ts';
import { type AttemptState, absent, type RedisRecord, type State, withAttempt } from './state.ts';
import type { Take } from './step-names.ts';

/** A call with the key arrives: attempts are numbered in the order of their arrival, and the first one's request is `a`. */
export function callSteps(state: State, take: (attempt: number, ...step: Parameters<Take>) => void): void {
  const me = state.attempts.findIndex(({ phase }) => phase === 'idle');
  if (me < 0) {
    return;
  }
  const processes = new Set([...state.attempts.filter(isAlive).map(({ process }) => process), me]);
  for (const process of processes) {
    take(me, 'call', arrive(withAttempt(state, me, { process }), me));
    if (me > 0) {
      take(me, 'altered-call', arrive(withAttempt(state, me, { process, request: 'b' }), me));
    }
  }
}

/** What happens around the attempts, whenever it likes and as often as it likes. */
export function environmentSteps(state: State, flaws: Flaws, take: Take): void {
  const { redis, replica } = state;
  if (redis.kind === 'pending') {
    claimSteps(state, redis, flaws, take);
  }
  if (redis.kind !== 'absent') {
    take('redis-forgets', { ...state, redis: absent });
  }
  if (redis.kind !== 'foreign') {
    take('foreign-value', { ...state, redis: { kind: 'foreign' } });
  }
  if (!isSameRecord(redis, replica)) {
    take('replica-falls-behind', { ...state, replica: redis });
    take('stale-failover', { ...state, redis: replica });
  }
  ageSteps(state, take);
}

function claimSteps(state: State, claim: Extract<RedisRecord, { kind: 'pending' }>, flaws: Flaws, take: Take): void {
  if (claim.lease === 'running' && !flaws.has('claimWithoutLease')) {
    take('lease-over', { ...state, redis: { ...claim, lease: 'over' } });
  } else if (claim.lease === 'over') {
    take('claim-gone', { ...state, redis: absent });
    take('claim-forgotten', { ...state, redis: { ...claim, lease: 'forgotten' } });
  }
}

/**
 * The ledger's row grows old. Nobody is between an outcome and its answer, or has it still to tell Redis, for the whole time to
 * live. What was answered before belongs to an earlier life of the key.
 */
function ageSteps(state: State, take: Take): void {
  const { row } = state;
  if (row?.age === 'live' && !state.attempts.some(hasOutcomeInHand)) {
    const attempts = state.attempts.map(
      (attempt): AttemptState => ({
        ...attempt,
        ...(attempt.phase === 'answered' && { phase: 'ended', outcome: undefined }),
        ...(attempt.order === 'live' && { order: 'past' }),
      }),
    );
    const [redis, replica] = [withoutOutcome(state.redis), withoutOutcome(state.replica)];
    take('time-to-live-over', { ...state, attempts, redis, replica, row: { ...row, age: 'expired' } });
  } else if (row?.age === 'expired') {
    take('memory-over', { ...state, row: { ...row, age: 'forgotten' } });
  }
}

function hasOutcomeInHand({ phase, behind, result }: AttemptState): boolean {
  return phase === 'answering' || behind === 'settle' || result === 'committed';
}

/** Redis keeps no outcome past its time to live. */
function withoutOutcome(record: RedisRecord): RedisRecord {
  return record.kind === 'settled' ? absent : record;
}

function isSameRecord(one: RedisRecord, other: RedisRecord): boolean {
  if (one.kind === 'pending' && other.kind === 'pending') {
    return one.owner === other.owner && one.lease === other.lease;
  }
  if (one.kind === 'settled' && other.kind === 'settled') {
    return one.outcome.by === other.outcome.by && one.outcome.kind === other.outcome.kind;
  }
  return one.kind === other.kind;
}
