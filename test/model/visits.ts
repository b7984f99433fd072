import type { State } from './state.ts';
import { StateNumbers } from './state-number.ts';
import type { StepName } from './step-names.ts';

export interface TracedStep {
  readonly name: StepName;
  readonly attempt: number | undefined;
}

/** A state that is to be looked at, and its number. */
export interface Visit {
  readonly state: State;
  readonly index: number;
}

/** The states that were found, in the order in which they were, and the step and the state that each was reached by. */
export class Visits {
  readonly #numbers = new StateNumbers();
  readonly #known = new Set<number>();
  readonly #names: (StepName | undefined)[] = [];
  readonly #attempts: (number | undefined)[] = [];
  readonly #parents: number[] = [];
  // Only states that are still to be looked at are kept whole.
  #frontier: State[] = [];
  #position = 0;
  #found: State[] = [];
  #taken = 0;

  get size(): number {
    return this.#known.size;
  }

  /** Whether every state that was found has been taken. */
  get isDone(): boolean {
    return this.#taken === this.#known.size;
  }

  /** Notes a state, unless it was found before. */
  add(state: State, step?: TracedStep, parent = -1): void {
    const before = this.#known.size;
    this.#known.add(this.#numbers.numberOf(state));
    if (this.#known.size > before) {
      this.#names.push(step?.name);
      this.#attempts.push(step?.attempt);
      this.#parents.push(parent);
      this.#found.push(state);
    }
  }

  /** The next state to look at: those found first come first. */
  next(): Visit | undefined {
    if (this.#position === this.#frontier.length) {
      this.#frontier = this.#found;
      this.#found = [];
      this.#position = 0;
    }
    const state = this.#frontier[this.#position];
    if (state === undefined) {
      return undefined;
    }
    this.#position += 1;
    this.#taken += 1;
    return { state, index: this.#taken - 1 };
  }

  /** The steps that lead to a state: as few as possible. */
  traceTo(index: number): TracedStep[] {
    const trace: TracedStep[] = [];
    for (let at = index; at >= 0; at = this.#parents[at] ?? -1) {
      const name = this.#names[at];
      if (name !== undefined) {
        trace.unshift({ name, attempt: this.#attempts[at] });
      }
    }
    return trace;
  }
}
