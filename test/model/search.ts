import { DeadKeys, stuckIn } from './dead-keys.ts';
import { type Flaws, noFlaws } from './flaws.ts';
import { type Fault, faultIn, faultOf, type Promised } from './invariants.ts';
import type { Scope } from './scopes.ts';
import { initialStates } from './state.ts';
import type { StepName } from './step-names.ts';
import { stepsOf } from './steps.ts';
import { type TracedStep, Visits } from './visits.ts';

export interface SearchOptions {
  readonly flaws?: Flaws;
  /** What is not to be judged; default: nothing. */
  readonly ignored?: ReadonlySet<Promised>;
}

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  /** Whether every state that can be reached was looked at. */
  readonly isExhausted: boolean;
  readonly stepsSeen: ReadonlySet<StepName>;
  /** The first violation, and the shortest way to it. */
  readonly violation: Violation | undefined;
}

export interface Violation extends Fault {
  readonly trace: readonly TracedStep[];
}

/** Looks at every state that can be reached, the nearest first, until something is wrong. */
export function search(scope: Scope, { flaws = noFlaws, ignored }: SearchOptions = {}): SearchResult {
  const { attempts, without, isCalm } = scope;
  const visits = new Visits();
  const deadKeys = new DeadKeys(flaws);
  const stepsSeen = new Set<StepName>();
  let transitions = 0;
  const resultWith = (violation?: Violation): SearchResult => ({
    states: visits.size,
    transitions,
    isExhausted: visits.isDone,
    stepsSeen,
    violation,
  });
  for (const state of initialStates(attempts, !without.has('time-to-live-over'))) {
    visits.add(state);
  }
  for (let visit = visits.next(); visit !== undefined; visit = visits.next()) {
    const { state, index } = visit;
    const steps = stepsOf(state, flaws).filter(({ name }) => !without.has(name));
    const fault = faultIn(state) ?? deadKeys.faultIn(state) ?? stuckIn(state, steps);
    if (fault !== undefined && !ignored?.has(fault.promised)) {
      return resultWith({ ...fault, trace: visits.traceTo(index) });
    }
    for (const step of steps) {
      const fault = faultOf(state, step, isCalm);
      if (fault !== undefined && !ignored?.has(fault.promised)) {
        return resultWith({ ...fault, trace: [...visits.traceTo(index), step] });
      }
      transitions += 1;
      stepsSeen.add(step.name);
      visits.add(step.next, step, index);
    }
  }
  return resultWith();
}
