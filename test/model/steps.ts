import { attemptSteps } from './attempt-steps.ts';
import { callSteps, environmentSteps } from './environment-steps.ts';
import type { Flaws } from './flaws.ts';
import type { State } from './state.ts';
import type { Step } from './step-names.ts';

/** Everything that can happen next. */
export function stepsOf(state: State, flaws: Flaws): Step[] {
  const steps: Step[] = [];
  callSteps(state, (attempt, name, next) => steps.push({ name, attempt, next }));
  for (const attempt of state.attempts.keys()) {
    attemptSteps(state, attempt, flaws, (name, next) => steps.push({ name, attempt, next }));
  }
  environmentSteps(state, flaws, (name, next) => steps.push({ name, attempt: undefined, next }));
  return steps;
}
