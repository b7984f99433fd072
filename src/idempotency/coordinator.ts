import { Attempt, type AttemptDependencies } from './attempt.ts';
import { linkToFirst, traced } from './call-trace.ts';
import { type ClaimDependencies, claimRecord, outcomeDespiteClaim } from './claim.ts';
import type { ResponseEncoder } from './encode-response.ts';
import { CallerGoneError, IdempotencyError, isIdempotencyError } from './errors.ts';
import { differ } from './fingerprint.ts';
import { stillInProgress } from './ledger-verdict.ts';
import { type LocalRun, LocalRuns, type Settlement } from './local-run.ts';
import type { Outcome } from './outcome.ts';
import { type Patience, waitPatiently } from './patience.ts';
import type { RecordIdentity } from './record.ts';
import { tooManyLeads, WorkPlaces } from './work-places.ts';

export interface CoordinatorOptions extends Omit<ClaimDependencies, 'places'>, Omit<AttemptDependencies, 'background'> {
  /** How many duplicates of one running call this process keeps waiting; more are turned away at once. */
  readonly waitersPerKeyMax: number;
  /** How many calls this process works on at most, also for callers that have gone; more work is turned away at once. */
  readonly runsMax: number;
  /** How many records this process leads for at most, also where it only waits or replays. */
  readonly leadsMax: number;
}

/** What a call is to do: run its handler, or answer with an outcome that is known. */
export type Beginning =
  | { readonly kind: 'execute'; readonly attempt: Attempt }
  | { readonly kind: 'replay'; readonly outcome: Outcome };

/** When to tell a waiter to come back whose leader is in this process; the leader's lease is not known here. */
const RETRY_AFTER_LOCAL_WAIT_MS = 1_000;

/** Decides for every call of this process whether it runs, waits or replays. It knows no transport. */
export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #runs = new LocalRuns();
  readonly #background = new Set<Promise<void>>();
  readonly #places: WorkPlaces;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#places = new WorkPlaces(options.runsMax);
  }

  /** How many records this process leads for now. */
  get runsNow(): number {
    return this.#runs.size;
  }

  /** How many calls wait now for another attempt, here or elsewhere. */
  get waitersNow(): number {
    return this.#runs.waiters();
  }

  /** The runs of this process whose handlers run. */
  executing(): readonly LocalRun[] {
    return this.#runs.executing();
  }

  /** Takes a place for a call that works without a record: a read. @throws IdempotencyError TOO_MANY_RUNS */
  takePlace(): () => void {
    return this.#places.take();
  }

  /**
   * Begins a call.
   * @param encode the method's own encoding of its response
   * @throws IdempotencyError if the call is refused or has waited in vain, CallerGoneError, a transient fault of the ledger
   */
  async begin(record: RecordIdentity, patience: Patience, encode: ResponseEncoder): Promise<Beginning> {
    const { report } = this.#options;
    report({ kind: 'called' }, record);
    try {
      const beginning = await this.#begin(record, patience, encode);
      if (beginning.kind === 'replay') {
        linkToFirst(record, beginning.outcome);
        report({ kind: 'replayed' }, record);
      }
      return beginning;
    } catch (error) {
      if (isIdempotencyError(error) && error.reason === 'IDEMPOTENCY_KEY_REUSED') {
        report({ kind: 'mismatch' }, record);
      }
      throw error;
    } finally {
      if (patience.waitedMs > 0) {
        report({ kind: 'waited', waitedMs: patience.waitedMs }, record);
      }
    }
  }

  /** Resolves when all runs, also those whose callers have gone, and everything behind the answers have ended. */
  async drained(): Promise<void> {
    while (this.#runs.size > 0 || this.#background.size > 0) {
      await Promise.all([...this.#runs.settlements(), ...this.#background]);
    }
  }

  async #begin(record: RecordIdentity, patience: Patience, encode: ResponseEncoder): Promise<Beginning> {
    for (;;) {
      const running = this.#runs.find(record.id);
      if (running === undefined) {
        return await this.#lead(this.#open(record), patience, encode);
      }
      const settlement = await traced(record, 'wait', () => this.#follow(running, record, patience));
      if (settlement?.kind === 'outcome') {
        return { kind: 'replay', outcome: settlement.outcome };
      }
      if (settlement?.kind === 'refused') {
        throw settlement.error;
      }
      // Released, or not yet decided whose record it is: look again.
    }
  }

  #open(record: RecordIdentity): LocalRun {
    const { leadsMax, store } = this.#options;
    if (this.#runs.size >= leadsMax) {
      throw tooManyLeads(leadsMax);
    }
    return this.#runs.open(store.newClaim(record));
  }

  async #lead(run: LocalRun, patience: Patience, encode: ResponseEncoder): Promise<Beginning> {
    try {
      const verdict = await claimRecord(run, patience, { ...this.#options, places: this.#places });
      if (verdict.kind === 'replay') {
        run.settle({ kind: 'outcome', outcome: verdict.outcome });
        return verdict;
      }
      run.execute(verdict.leavePlace);
      const background = (work: Promise<void>) => this.#keep(work);
      return { kind: 'execute', attempt: new Attempt(run, verdict.claimed, encode, { ...this.#options, background }) };
    } catch (error) {
      const isRefused = isIdempotencyError(error) && error.reason === 'TOO_MANY_RUNS';
      run.settle(isRefused ? { kind: 'refused', error } : { kind: 'released' });
      throw error;
    }
  }

  /** Waits for the leader of the same record. Returns undefined if the leader's request is another one that may yet be refused. */
  async #follow(running: LocalRun, record: RecordIdentity, patience: Patience): Promise<Settlement | undefined> {
    const isOtherRequest = differ(running.record.fingerprint, record.fingerprint);
    if (isOtherRequest && running.isOwners) {
      return { kind: 'outcome', outcome: await this.#outcomeDespite(record) };
    }
    const { waitersPerKeyMax } = this.#options;
    if (running.followers >= waitersPerKeyMax) {
      throw new IdempotencyError(
        'TOO_MANY_WAITERS',
        `${waitersPerKeyMax} calls with the idempotency key ${JSON.stringify(record.key.value)} wait already. Retry less often, ` +
          'with the same key.',
        {
          facts: { key: record.key.value, waitersMax: String(waitersPerKeyMax) },
          retryAfterMs: RETRY_AFTER_LOCAL_WAIT_MS,
        },
      );
    }
    running.followers += 1;
    try {
      const waited = isOtherRequest
        ? await waitPatiently(
            running.decided.then(() => undefined),
            patience,
          )
        : await waitPatiently(running.settled, patience);
      switch (waited.kind) {
        case 'value':
          return waited.value;
        case 'callerGone':
          throw new CallerGoneError();
        case 'timeUp':
          throw stillInProgress(record, RETRY_AFTER_LOCAL_WAIT_MS);
        default:
          throw new Error(`unknown result ${JSON.stringify(waited satisfies never)}`);
      }
    } finally {
      running.followers -= 1;
    }
  }

  #outcomeDespite(record: RecordIdentity): Promise<Outcome> {
    return outcomeDespiteClaim(record, { ...this.#options, places: this.#places });
  }

  #keep(work: Promise<void>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }
}
