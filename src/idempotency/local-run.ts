import type { IdempotencyError } from './errors.ts';
import type { Outcome } from './outcome.ts';
import type { RecordIdentity } from './record.ts';
import type { Claim } from './store.ts';

/** How a run ended. */
export type Settlement =
  /** With an outcome to replay. */
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** Without one, so that the next duplicate may try. */
  | { readonly kind: 'released' }
  /** It never began, for lack of room, and there is none for its duplicates either. */
  | { readonly kind: 'refused'; readonly error: IdempotencyError };

/**
 * One call of this process that leads for its record: it asks the store, waits for another process, or runs the handler.
 * Duplicates in the same process follow it, so that they cost no command, no connection and no loop, also with Redis down.
 */
export class LocalRun {
  readonly claim: Claim;
  /** Whether the handler runs. */
  executing = false;
  /** Whether it is known that the record is this request's: the handler runs, or another process runs it for the same request. */
  isOwners = false;
  followers = 0;
  /** When the handler was begun, on the monotonic clock. */
  executingSinceMs = 0;
  readonly #decided = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<Settlement>();
  readonly #onSettled: () => void;
  #leavePlace: () => void = () => {};

  constructor(claim: Claim, onSettled: () => void) {
    this.claim = claim;
    this.#onSettled = onSettled;
  }

  get record(): RecordIdentity {
    return this.claim.record;
  }

  /** Resolves when it is known whose record it is. */
  get decided(): Promise<void> {
    return this.#decided.promise;
  }

  get settled(): Promise<Settlement> {
    return this.#settled.promise;
  }

  /** @param leavePlace gives back the place in which the handler runs; called when the run has ended */
  execute(leavePlace: () => void): void {
    this.#leavePlace = leavePlace;
    this.executing = true;
    this.executingSinceMs = performance.now();
    this.confirm();
  }

  /** The record is this request's, as far as can be known before its outcome. */
  confirm(): void {
    this.isOwners = true;
    this.#decided.resolve();
  }

  /** Ends the run; the first settlement counts. */
  settle(settlement: Settlement): void {
    this.#onSettled();
    this.#leavePlace();
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

  /** How many calls wait: for runs of this process, or with them for another one's. */
  waiters(): number {
    return [...this.#runs.values()].reduce(
      (sum, run) => sum + run.followers + (run.isOwners && !run.executing ? 1 : 0),
      0,
    );
  }

  /** Those whose handlers run. */
  executing(): readonly LocalRun[] {
    return [...this.#runs.values()].filter(({ executing }) => executing);
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
