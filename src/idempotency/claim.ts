import { CallerGoneError } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { judgeRow, keyReused, stillInProgress } from './ledger-verdict.ts';
import type { LocalRun } from './local-run.ts';
import type { Outcome } from './outcome.ts';
import { type Patience, waitPatiently } from './patience.ts';
import type { Pause } from './pause-points.ts';
import type { Report } from './reporter.ts';
import type { BeginReply, Store, Watch } from './store.ts';

export interface ClaimDependencies {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly report: Report;
  readonly pause?: Pause | undefined;
  /** How long a waiter trusts that a wake-up will come before it asks again. */
  readonly recheckMs: number;
}

/** What the leader of a record is to do. */
export type Verdict =
  /** `claimed`: the store holds the claim, and it wants renewing. */
  { readonly kind: 'execute'; readonly claimed: boolean } | { readonly kind: 'replay'; readonly outcome: Outcome };

/** A claim that did not move for a whole lease by our own clock is dead, whatever the store's clock says. */
const FROZEN_CLAIM_MARGIN_MS = 1_000;

/**
 * Claims the record of a run: asks the store, and the ledger where the store does not know; waits while another process runs
 * it (P4).
 * @throws IdempotencyError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_EXPIRED, IDEMPOTENCY_KEY_IN_PROGRESS, STORED_FORM_UNKNOWN;
 * CallerGoneError; a transient fault of the ledger
 */
export async function claimRecord(
  run: LocalRun,
  patience: Patience,
  dependencies: ClaimDependencies,
): Promise<Verdict> {
  const { store, report, pause } = dependencies;
  const { record } = run;
  using watch = store.watch(record.id);
  let rival = { claim: '', sinceMs: 0 };
  for (;;) {
    await pause?.('before_begin');
    const reply = await store.begin(run.claim);
    await pause?.('after_begin');
    switch (reply.kind) {
      case 'settled':
        return { kind: 'replay', outcome: reply.outcome };
      case 'mismatch':
        throw keyReused(record);
      case 'acquired':
        if (!reply.takeover) {
          // Not looked up in the ledger: should it know the record after all, its primary key refuses the commit.
          return { kind: 'execute', claimed: true };
        }
        report({ kind: 'takeover' }, record);
        return await askLedger(run, true, dependencies);
      case 'askLedger':
      case 'unavailable':
        return await askLedger(run, false, dependencies);
      case 'inProgress': {
        if (reply.claim !== rival.claim) {
          rival = { claim: reply.claim, sinceMs: performance.now() };
        }
        if (performance.now() - rival.sinceMs > record.policy.leaseMs + FROZEN_CLAIM_MARGIN_MS) {
          return await askLedger(run, false, dependencies);
        }
        await waitForOwner(run, reply, watch, patience, dependencies.recheckMs);
        break;
      }
      default:
        throw new Error(`unknown reply ${JSON.stringify(reply satisfies never)}`);
    }
  }
}

async function askLedger(run: LocalRun, claimed: boolean, { store, ledger }: ClaimDependencies): Promise<Verdict> {
  const { record } = run;
  try {
    const row = await ledger.read(record.id);
    const outcome = judgeRow(row, record);
    if (row === undefined || outcome === undefined) {
      return { kind: 'execute', claimed };
    }
    void store.settle(run.claim, outcome, row.timeLeftMs);
    return { kind: 'replay', outcome };
  } catch (error) {
    if (claimed) {
      void store.release(run.claim);
    }
    throw error;
  }
}

async function waitForOwner(
  { record }: LocalRun,
  reply: Extract<BeginReply, { kind: 'inProgress' }>,
  watch: Watch,
  patience: Patience,
  recheckMs: number,
): Promise<void> {
  const waited = await waitPatiently(watch.changed(), patience, Math.min(reply.leaseLeftMs + 1, recheckMs));
  if (waited.kind === 'callerGone') {
    throw new CallerGoneError();
  }
  if (waited.kind === 'timeUp' && performance.now() >= patience.endsAtMs) {
    throw stillInProgress(record, reply.leaseLeftMs);
  }
}
