import type { Outcome } from './outcome.ts';
import type { RecordIdentity } from './record.ts';
import type { Claim } from './store.ts';

/** How a run ended: with an outcome to replay, or without one, so that the next duplicate may try. */
export type Settlement = { readonly kind: 'outcome'; readonly outcome: Outcome } | { readonly kind: 'released' };

/**
 * One call of this process that leads for its record: it asks the store, waits for another process, or runs the handler.
 * Duplicates in the same process follow it, so that they cost no command, no connection and no loop, also with Redis down.
 */
export class LocalRun {
  readonly claim: Claim;
  /** Whether the handler runs: only then is it known that the record is this request's. */
  executing = false;
  followers = 0;
  readonly #decided = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<Settlement>();
  readonly #onSettled: () => void;

  constructor(claim: Claim, onSettled: () => void) {
    this.claim = claim;
    this.#onSettled = onSettled;
  }

  get record(): RecordIdentity {
    return this.claim.record;
  }

  /** Resolves when it is known whether the handler runs. */
  get decided(): Promise<void> {
    return this.#decided.promise;
  }

  get settled(): Promise<Settlement> {
    return this.#settled.promise;
  }

  execute(): void {
    this.executing = true;
    this.#decided.resolve();
  }

  /** Ends the run; the first settlement counts. */
  settle(settlement: Settlement): void {
    this.#onSettled();
    this.#settled.resolve(settlement);
    this.#decided.resolve();
  }
}

/** The runs of this process, by record. */
export class LocalRuns {
  readonly #runs = new Map<string, LocalRun>();

  get size(): number {
    return this.#runs.size;
  }

  settlements(): Promise<Settlement>[] {
    return [...this.#runs.values()].map(({ settled }) => settled);
  }

  find(id: string): LocalRun | undefined {
    return this.#runs.get(id);
  }

  /** Opens the run of a record that has none; it is closed when it settles. */
  open(claim: Claim): LocalRun {
    const { id } = claim.record;
    const run = new LocalRun(claim, () => {
      if (this.#runs.get(id) === run) {
        this.#runs.delete(id);
      }
    });
    this.#runs.set(id, run);
    return run;
  }
}
