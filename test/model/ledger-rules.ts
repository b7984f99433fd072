import type { Flaws } from './flaws.ts';
import { attemptOf, isSameRequest, type Outcome, type State, withAttempt } from './state.ts';

/** What the ledger's row means for an attempt. */
export type LedgerVerdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'refusal' };

/** judgeRow in src/idempotency/ledger-verdict.ts */
export function judge(state: State, me: number, flaws: Flaws): LedgerVerdict {
  const { row, expiredIsNew } = state;
  if (row === undefined || row.age === 'forgotten' || (row.age === 'expired' && expiredIsNew)) {
    return { kind: 'new' };
  }
  const isOther = !isSameRequest(state, row.outcome.by, me) && !flaws.has('fingerprintNotComparedInLedger');
  if (isOther || row.age === 'expired') {
    return { kind: 'refusal' };
  }
  return { kind: 'outcome', outcome: row.outcome };
}

/** insertEntry in src/database/ledger-statement.ts: whether the entry would be new. */
export function mayInsert({ row, expiredIsNew }: State, flaws: Flaws): boolean {
  if (row === undefined || flaws.has('liveRowReplaced')) {
    return true;
  }
  const isFree = row.age === 'forgotten' || (row.age === 'expired' && expiredIsNew);
  return isFree && !flaws.has('expiredRowNotReplaced');
}

/** The statement of an effect with its entry: both, or nothing. */
export function runStatement(state: State, me: number, flaws: Flaws): State {
  const { statement, phase } = attemptOf(state, me);
  if (statement === 'none') {
    throw new Error(`attempt ${me} has sent no statement`);
  }
  const isNew = mayInsert(state, flaws);
  const hasEffect = statement === 'ok' && (isNew || flaws.has('ledgerOutsideTransaction'));
  const result = isNew ? 'committed' : 'conflict';
  // Nobody hears of it if the attempt has ended.
  const heard = phase === 'committing' ? ({ result } as const) : ({ statement: 'none' } as const);
  const next = withAttempt(state, me, { ...heard, ...(hasEffect && { order: 'live' }) });
  return isNew ? { ...next, row: { outcome: { kind: statement, by: me }, age: 'live' } } : next;
}
