import { traced } from './call-trace.ts';
import { CallerGoneError } from './errors.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import { judgeRow, keyReused, stillInProgress } from './ledger-verdict.ts';
import type { LocalRun } from './local-run.ts';
import type { Outcome } from './outcome.ts';
import { type Patience, waitPatiently } from './patience.ts';
import type { Pause } from './pause-points.ts';
import type { RecordIdentity } from './record.ts';
import type { LedgerCause, Report } from './reporter.ts';
import type { BeginReply, Store } from './store.ts';
import type { WorkPlaces } from './work-places.ts';

export interface ClaimDependencies {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly report: Report;
  readonly pause?: Pause | undefined;
  readonly places: WorkPlaces;
  /** How long a waiter trusts that a wake-up will come before it asks again. */
  readonly recheckMs: number;
}

/** What the leader of a record is to do. */
export type Verdict =
  /** `claimed`: the store holds the claim, as far as is known, and it wants renewing. A place to run in is taken. */
  | { readonly kind: 'execute'; readonly claimed: boolean; readonly leavePlace: () => void }
  | { readonly kind: 'replay'; readonly outcome: Outcome };

/** A claim that did not move for a whole lease by our own clock is dead, whatever the store's clock says. */
const FROZEN_CLAIM_MARGIN_MS = 1_000;

/**
 * Claims the record of a run: asks the store, and the ledger where the store does not know; waits while another process runs
 * it (P4). A call that would be new work, and finds no place for it, is refused and leaves no claim behind.
 * @throws IdempotencyError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_EXPIRED, IDEMPOTENCY_KEY_IN_PROGRESS, STORED_FORM_UNKNOWN,
 * TOO_MANY_RUNS; CallerGoneError; a transient fault of the ledger
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
    const changed = watch.nextChange();
    await pause?.('before_begin');
    const reply = await begin(run, dependencies);
    await pause?.('after_begin');
    switch (reply.kind) {
      case 'settled':
        return { kind: 'replay', outcome: reply.outcome };
      case 'mismatch':
        // An outcome that the ledger does not know is none: then the record is free.
        return reply.isSettled
          ? await askLedger(run, false, 'mismatch', dependencies)
          : { kind: 'replay', outcome: await outcomeDespiteClaim(record, dependencies) };
      case 'acquired':
        if (!reply.takeover) {
          // Not looked up in the ledger: should it know the record after all, its primary key refuses the commit.
          return execute(run, true, dependencies);
        }
        report({ kind: 'takeover' }, record);
        return await askLedger(run, true, 'takeover', dependencies);
      case 'askLedger':
        return await askLedger(run, false, 'askLedger', dependencies);
      case 'unavailable':
        // The claim may have been made all the same: renewing one that was not does no harm.
        return await askLedger(run, true, 'unavailable', dependencies);
      case 'inProgress': {
        run.confirm();
        if (reply.claim !== rival.claim) {
          rival = { claim: reply.claim, sinceMs: performance.now() };
        }
        if (performance.now() - rival.sinceMs > record.policy.leaseMs + FROZEN_CLAIM_MARGIN_MS) {
          return await askLedger(run, false, 'frozen', dependencies);
        }
        await traced(record, 'wait', () => waitForOwner(run, reply, changed, patience, dependencies.recheckMs));
        break;
      }
      default:
        throw new Error(`unknown reply ${JSON.stringify(reply satisfies never)}`);
    }
  }
}

async function begin({ claim, record }: LocalRun, { store, report }: ClaimDependencies): Promise<BeginReply> {
  const askedAtMs = performance.now();
  const reply = await traced(record, 'begin', () => store.begin(claim));
  report({ kind: 'began', answer: reply.kind, tookMs: performance.now() - askedAtMs }, record);
  return reply;
}

/**
 * What a request gets whose record another request seems to have: its own outcome if the ledger has one. A claim proves
 * nothing, and neither does anything else that Redis says (P5).
 * @throws IdempotencyError IDEMPOTENCY_KEY_REUSED, TOO_MANY_RUNS, and what judgeRow throws; a transient fault of the ledger
 */
export async function outcomeDespiteClaim(
  record: RecordIdentity,
  { ledger, places, report }: Pick<ClaimDependencies, 'ledger' | 'places' | 'report'>,
): Promise<Outcome> {
  report({ kind: 'ledgerRead', cause: 'mismatch' }, record);
  const outcome = judgeRow(await readLedger(record, ledger, places), record);
  if (outcome === undefined) {
    throw keyReused(record);
  }
  return outcome;
}

function readLedger(record: RecordIdentity, ledger: Ledger, places: WorkPlaces): Promise<LedgerRow | undefined> {
  return traced(record, 'ledger', () => places.whileAsking(() => ledger.read(record.id)));
}

/** Takes a place to run in. */
function execute(run: LocalRun, claimed: boolean, dependencies: ClaimDependencies): Verdict {
  const { store, places } = dependencies;
  try {
    return { kind: 'execute', claimed, leavePlace: places.take() };
  } catch (error) {
    // The same call may be on its way to a server that has room.
    unwatched(store.release(run.claim), run, dependencies);
    throw error;
  }
}

/** Nobody waits for it, and a fault of it changes nothing. */
function unwatched(work: Promise<unknown>, { record }: LocalRun, { report }: ClaimDependencies): void {
  work.catch((error: unknown) => report({ kind: 'backgroundFault', error }, record));
}

async function askLedger(
  run: LocalRun,
  claimed: boolean,
  cause: LedgerCause,
  dependencies: ClaimDependencies,
): Promise<Verdict> {
  const { store, ledger, places, report } = dependencies;
  const { record } = run;
  report({ kind: 'ledgerRead', cause }, record);
  try {
    const row = await readLedger(record, ledger, places);
    const outcome = judgeRow(row, record);
    if (row === undefined || outcome === undefined) {
      return { kind: 'execute', claimed, leavePlace: places.take() };
    }
    unwatched(store.settle(run.claim, outcome, row.timeLeftMs), run, dependencies);
    return { kind: 'replay', outcome };
  } catch (error) {
    // Also where `begin` gave no answer: it may have run all the same.
    unwatched(store.release(run.claim), run, dependencies);
    throw error;
  }
}

async function waitForOwner(
  { record }: LocalRun,
  reply: Extract<BeginReply, { kind: 'inProgress' }>,
  changed: Promise<void>,
  patience: Patience,
  recheckMs: number,
): Promise<void> {
  const waited = await waitPatiently(changed, patience, Math.min(reply.leaseLeftMs + 1, recheckMs));
  if (waited.kind === 'callerGone') {
    throw new CallerGoneError();
  }
  if (waited.kind === 'timeUp' && performance.now() >= patience.endsAtMs) {
    throw stillInProgress(record, reply.leaseLeftMs);
  }
}
