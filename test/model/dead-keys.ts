import { attemptSteps } from './attempt-steps.ts';
import type { Flaws } from './flaws.ts';
import type { Fault } from './invariants.ts';
import { isAlive, leaderOf } from './local-runs.ts';
import {
  type AttemptState,
  absent,
  attemptOf,
  isSameRequest,
  newAttempt,
  type RedisRecord,
  type Request,
  type State,
} from './state.ts';
import { storesNumber } from './state-number.ts';
import type { Step, StepName } from './step-names.ts';

/** What leads a call to its answer when everything is well: the other steps are failures, or somebody else's. */
export const wellSteps: readonly StepName[] = [
  'begin-fresh',
  'begin-own',
  'begin-takeover',
  'begin-in-progress',
  'begin-settled',
  'begin-mismatch-pending',
  'begin-mismatch-settled',
  'begin-foreign',
  'ledger-new',
  'ledger-outcome',
  'ledger-refusal',
  'despite-outcome',
  'despite-refusal',
  'rival-outcome',
  'rival-refusal',
  'rival-gone',
  'handler-ok',
  'statement-runs',
  'commit-told',
  'conflict-told',
  'answer',
];

/** More steps than any call needs that is alone. */
const STEPS_MAX = 20;

/**
 * P6: from every state, once nobody runs any more and everything answers, a new call of the key gets an answer after one lease. Many
 * states have the same stores, so each is tried once.
 */
export class DeadKeys {
  readonly #flaws: Flaws;
  readonly #tried = new Set<number>();

  constructor(flaws: Flaws) {
    this.#flaws = flaws;
  }

  faultIn(state: State): Fault | undefined {
    const key = state.attempts.reduce(
      (number, { request }) => number * 2 + Number(request === 'b'),
      storesNumber(state),
    );
    if (this.#tried.has(key)) {
      return undefined;
    }
    this.#tried.add(key);
    for (const request of ['a', 'b'] as const) {
      for (const redis of afterOneLease(state.redis, this.#flaws)) {
        const text = this.#tryCall({ ...state, redis }, request);
        if (text !== undefined) {
          return {
            promised: 'P6',
            text: `when everything is well again, a new call with the request ${request} ${text}`,
          };
        }
      }
    }
    return undefined;
  }

  /** @returns what is wrong with how a new call ends */
  #tryCall(found: State, request: Request): string | undefined {
    const me = found.attempts.length;
    let state: State = {
      ...found,
      attempts: [...found.attempts, { ...newAttempt, phase: 'asking', request, process: me }],
    };
    for (let count = 0; count < STEPS_MAX; count += 1) {
      const { phase } = attemptOf(state, me);
      if (phase === 'answered') {
        return undefined;
      }
      if (phase === 'refused') {
        return mayRefuse(found, state, me) ? undefined : 'is refused because of what is no outcome';
      }
      const next = this.#nextOf(state, me);
      if (next === undefined) {
        return phase === 'ended' ? 'ends without an answer' : 'can do nothing';
      }
      state = next;
    }
    return 'gets no answer';
  }

  #nextOf(state: State, me: number): State | undefined {
    let found: State | undefined;
    attemptSteps(state, me, this.#flaws, (name, next) => {
      if (wellSteps.includes(name)) {
        found ??= next;
      }
    });
    return found;
  }
}

/** What can have become of a claim when its lease is over: it may be taken over, or it has gone. */
function afterOneLease(redis: RedisRecord, flaws: Flaws): RedisRecord[] {
  if (redis.kind !== 'pending' || (redis.lease === 'running' && flaws.has('claimWithoutLease'))) {
    return [redis];
  }
  return [{ ...redis, lease: 'over' }, { ...redis, lease: 'forgotten' }, absent];
}

/** By an outcome of another request, or one that has expired, or in the second in which another request's claim may be taken over. */
function mayRefuse({ redis, row }: State, state: State, me: number): boolean {
  const isOtherOutcome = row !== undefined && (row.age === 'expired' || !isSameRequest(state, row.outcome.by, me));
  const isLastSecond = redis.kind === 'pending' && redis.lease === 'over' && !isSameRequest(state, redis.owner, me);
  return isOtherOutcome || isLastSecond;
}

/** Somebody who is alive, can do nothing, and waits for nobody who can. */
export function stuckIn(state: State, steps: readonly Step[]): Fault | undefined {
  for (const [index, attempt] of state.attempts.entries()) {
    if (isAlive(attempt) && !canGoOn(index, steps) && !hasWhomToWaitFor(state, attempt)) {
      return { promised: 'P6', text: `attempt ${index} waits for what never comes` };
    }
  }
  return undefined;
}

function canGoOn(index: number, steps: readonly Step[]): boolean {
  return steps.some(({ attempt, name }) => attempt === index && wellSteps.includes(name));
}

function hasWhomToWaitFor(state: State, { phase, process }: AttemptState): boolean {
  if (phase === 'following') {
    return leaderOf(state, process) !== undefined;
  }
  const { redis } = state;
  return phase === 'waiting' && redis.kind === 'pending' && isBusy(attemptOf(state, redis.owner));
}

function isBusy(attempt: AttemptState): boolean {
  return isAlive(attempt) || attempt.behind !== 'none';
}
