import { linkToFirst, traced } from './call-trace.ts';
import { encodeResponse, type ResponseEncoder } from './encode-response.ts';
import { IdempotencyError, isIdempotencyError } from './errors.ts';
import type { CommitWork, Ledger } from './ledger.ts';
import { judgeRow, recordChanged } from './ledger-verdict.ts';
import type { LocalRun } from './local-run.ts';
import type { FailedOutcome, Outcome } from './outcome.ts';
import type { Pause } from './pause-points.ts';
import type { RecordIdentity } from './record.ts';
import type { IdempotencyEvent, Report } from './reporter.ts';
import type { Store } from './store.ts';

export interface AttemptDependencies {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly report: Report;
  readonly pause?: Pause | undefined;
  /** Keeps work that goes on behind the answer, so that a shutdown can wait for it. */
  readonly background: (work: Promise<void>) => void;
  /** A handler that has not answered by then is given up. */
  readonly handlerLimitMs: number;
  readonly responseBytesMax: number;
}

/** What the handler gave: a response, a failure that every retry is to get, or one that a retry may cure. */
export type HandlerResult =
  | { readonly kind: 'response'; readonly response: unknown }
  | { readonly kind: 'finalFailure'; readonly outcome: FailedOutcome }
  | { readonly kind: 'transientFailure' };

/** What the caller gets. */
export type Conclusion =
  /** `replayed`: the outcome is another attempt's. */
  | { readonly kind: 'answer'; readonly outcome: Outcome; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly error: unknown }
  /** The handler's own failure, as it is. */
  | { readonly kind: 'handlerFailure' };

/**
 * One execution of a handler for a record. It ends in one of three ways: settled (with its own outcome or, where another
 * attempt was faster, with that one's), released (nothing is remembered, and the next duplicate may try), or given up
 * (it ran too long, and what becomes of it is unknown).
 */
export class Attempt {
  readonly record: RecordIdentity;
  readonly #run: LocalRun;
  readonly #encode: ResponseEncoder;
  readonly #dependencies: AttemptDependencies;
  readonly #givenUp = Promise.withResolvers<IdempotencyError>();
  readonly #limit: NodeJS.Timeout;
  readonly #renewal: NodeJS.Timeout | undefined;
  #conclusion: Conclusion | undefined;
  #ended = false;

  constructor(run: LocalRun, claimed: boolean, encode: ResponseEncoder, dependencies: AttemptDependencies) {
    this.record = run.record;
    this.#run = run;
    this.#encode = encode;
    this.#dependencies = dependencies;
    this.#limit = setTimeout(() => this.#giveUp(), dependencies.handlerLimitMs).unref();
    this.#renewal = claimed
      ? setInterval(() => void this.#inBackground(() => this.#renew()), run.record.policy.leaseMs / 3).unref()
      : undefined;
  }

  /** Resolves, with what the caller is to be told, if the handler runs for too long. */
  get givenUp(): Promise<IdempotencyError> {
    return this.#givenUp.promise;
  }

  /**
   * Encodes the response once, checks that it can be sent, and commits it with the handler's effect. Afterwards the answer is
   * certain: whatever the handler still does, the caller gets these bytes, or those of the attempt that was faster. If `work` throws
   * an error of the handler's own, nothing was committed, and the handler may try again, with another response.
   * @throws IdempotencyError RESPONSE_TOO_LARGE or RESPONSE_NOT_ENCODABLE before anything is done, IDEMPOTENCY_KEY_REUSED and
   * IDEMPOTENCY_KEY_EXPIRED if that is what the ledger says; what `work` throws
   */
  async commit(response: unknown, work: CommitWork): Promise<void> {
    if (!this.#mayCommit()) {
      throw new Error(
        `a handler of ${this.record.method} may commit once, within ${this.#dependencies.handlerLimitMs} ms`,
      );
    }
    this.#conclusion = undefined;
    try {
      const { method } = this.record;
      const bytes = encodeResponse(this.#encode, response, method, this.#dependencies.responseBytesMax);
      await this.#settleBy({ kind: 'completed', response: bytes }, work);
    } catch (error) {
      this.#conclusion ??= { kind: 'refused', error };
      throw error;
    }
  }

  /** Ends the attempt with what the handler gave, unless the commit has decided already: an error after it changes nothing. */
  async conclude(result: HandlerResult): Promise<Conclusion> {
    const conclusion = await this.#decide(result);
    if (conclusion.kind !== 'answer') {
      // Whoever hears that nothing was kept may come again at once, at another server, with another request.
      await this.release();
    }
    await this.#dependencies.pause?.('before_answer');
    return conclusion;
  }

  /**
   * Gives the key back: nothing is remembered. Does nothing once the attempt has ended. Resolves when the store knows, or cannot be told
   * in time.
   */
  async release(): Promise<void> {
    if (this.#ended) {
      return;
    }
    this.#end();
    this.#run.settle({ kind: 'released' });
    this.#dependencies.report({ kind: 'released' }, this.record);
    await this.#inBackground(async () => {
      await this.#dependencies.store.release(this.#run.claim);
    });
  }

  /** Nothing was committed if the work threw, unless it was an error of the protocol, which is the last word. */
  #mayCommit(): boolean {
    const earlier = this.#conclusion;
    return (
      !this.#ended && (earlier === undefined || (earlier.kind === 'refused' && !isIdempotencyError(earlier.error)))
    );
  }

  async #decide(result: HandlerResult): Promise<Conclusion> {
    const earlier = this.#conclusion;
    if (earlier?.kind === 'answer' || (earlier !== undefined && result.kind === 'response')) {
      return earlier;
    }
    if (earlier?.kind === 'refused' && isIdempotencyError(earlier.error)) {
      return earlier;
    }
    if (result.kind === 'transientFailure') {
      return { kind: 'handlerFailure' };
    }
    this.#conclusion = undefined;
    const { ledger } = this.#dependencies;
    try {
      if (result.kind === 'response') {
        await this.commit(result.response, (entry) => ledger.record(entry));
      } else {
        await this.#settleBy(result.outcome, (entry) => ledger.record(entry));
      }
    } catch (error) {
      return { kind: 'refused', error };
    }
    return this.#conclusion ?? { kind: 'handlerFailure' };
  }

  async #settleBy(outcome: Outcome, work: CommitWork): Promise<void> {
    const { pause, ledger, report } = this.#dependencies;
    await pause?.('before_commit');
    const startedAtMs = performance.now();
    let kept = outcome;
    const result = await traced(this.record, 'commit', (traceParent) => {
      kept = { ...outcome, traceParent };
      return work({ record: this.record, outcome: kept });
    });
    await pause?.('after_commit');
    if (result === 'committed') {
      this.#settle(kept, false, startedAtMs + this.record.policy.timeToLiveMs);
      return;
    }
    // Another attempt won at the ledger's primary key: its outcome is the answer.
    report({ kind: 'ledgerRead', cause: 'conflict' }, this.record);
    const row = await traced(this.record, 'ledger', () => ledger.read(this.record.id));
    const rival = judgeRow(row, this.record);
    if (row === undefined || rival === undefined) {
      throw recordChanged(this.record);
    }
    this.#settle(rival, true, performance.now() + row.timeLeftMs);
  }

  /** @param expiresAtMs by this process's monotonic clock, and not later than in the ledger */
  #settle(outcome: Outcome, replayed: boolean, expiresAtMs: number): void {
    this.#conclusion = { kind: 'answer', outcome, replayed };
    this.#end();
    this.#run.settle({ kind: 'outcome', outcome });
    const { report, store, pause } = this.#dependencies;
    if (replayed) {
      linkToFirst(this.record, outcome);
    }
    report(replayed ? { kind: 'replayed' } : keptEvent(outcome), this.record);
    void this.#inBackground(async () => {
      await pause?.('before_settle');
      // A process that was stopped meanwhile must not give an answer a second life.
      const askedAtMs = performance.now();
      const leftMs = Math.max(0, Math.floor(expiresAtMs - askedAtMs));
      const answer = await traced(this.record, 'complete', () => store.settle(this.#run.claim, outcome, leftMs));
      report({ kind: 'settled', answer, tookMs: performance.now() - askedAtMs }, this.record);
      if (answer === 'lost') {
        report({ kind: 'lostOwnership' }, this.record);
      }
    });
  }

  async #renew(): Promise<void> {
    if ((await this.#dependencies.store.renew(this.#run.claim)) === 'lost') {
      clearInterval(this.#renewal);
    }
  }

  #giveUp(): void {
    this.#end();
    this.#run.settle({ kind: 'released' });
    this.#dependencies.report({ kind: 'handlerLimit' }, this.record);
    const { handlerLimitMs } = this.#dependencies;
    this.#givenUp.resolve(
      new IdempotencyError(
        'OUTCOME_UNKNOWN',
        `${this.record.method} did not end within ${handlerLimitMs} ms; whether it had an effect is unknown. Repeat the call ` +
          'with the same key.',
        {
          facts: { key: this.record.key.value, method: this.record.method, limitMs: String(handlerLimitMs) },
          retryAfterMs: this.record.policy.leaseMs,
        },
      ),
    );
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#limit);
    clearInterval(this.#renewal);
  }

  /** Resolves when the work is done, or has failed: nobody has to wait for it. */
  #inBackground(work: () => Promise<void>): Promise<void> {
    const done = work().catch((error: unknown) =>
      this.#dependencies.report({ kind: 'backgroundFault', error }, this.record),
    );
    this.#dependencies.background(done);
    return done;
  }
}

function keptEvent(outcome: Outcome): IdempotencyEvent {
  return outcome.kind === 'completed'
    ? { kind: 'executed', bytes: outcome.response.length }
    : { kind: 'failed', bytes: Buffer.byteLength(outcome.message) + outcome.details.length };
}
