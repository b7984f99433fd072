import { isAlive, leads, settleRun } from './local-runs.ts';
import { type AttemptState, attemptOf, type Outcome, type State, withAttempt } from './state.ts';

// How an attempt ends, and what that means for those who follow it in its process.

/** The attempt has an outcome to answer with. */
export function conclude(state: State, me: number, outcome: Outcome, behind: AttemptState['behind']): State {
  const next = withAttempt(state, me, { phase: 'answering', outcome, behind });
  return leads(attemptOf(state, me).phase) ? settleRun(next, me, outcome) : next;
}

export function refuse(state: State, me: number): State {
  const next = withAttempt(state, me, { phase: 'refused' });
  return leads(attemptOf(state, me).phase) ? settleRun(next, me) : next;
}

/** Nothing is remembered: the next one may try at once. */
export function giveBack(state: State, me: number): State {
  return endWithoutAnswer(withAttempt(state, me, { behind: 'release' }), me);
}

export function endWithoutAnswer(state: State, me: number): State {
  const next = withAttempt(state, me, { phase: 'ended', outcome: undefined });
  return leads(attemptOf(state, me).phase) ? settleRun(next, me) : next;
}

/** All attempts of a process are gone. What they have sent may still arrive. */
export function crash(state: State, process: number): State {
  const attempts = state.attempts.map((attempt): AttemptState => {
    if (attempt.process !== process || !isAlive(attempt)) {
      return attempt;
    }
    const isFloating = attempt.result === 'none';
    return {
      ...attempt,
      phase: 'ended',
      outcome: attempt.behind === 'settle' ? attempt.outcome : undefined,
      statement: isFloating ? attempt.statement : 'none',
      result: 'none',
    };
  });
  return { ...state, attempts };
}

export function keptBehind(state: State, me: number, outcome: Outcome | undefined): Outcome | undefined {
  return attemptOf(state, me).behind === 'settle' ? outcome : undefined;
}
