import { isOwn } from './redis-scripts.ts';
import { attemptOf, isSameRequest, type State } from './state.ts';
import type { Step, StepName } from './step-names.ts';

/** What must hold, by the name of the promise in docs/protocol.md; `owner` and `waste` are what the scripts and the look-ups are for. */
export type Promised = 'P1' | 'P2' | 'P3' | 'P6' | 'owner' | 'waste';

export interface Fault {
  readonly promised: Promised;
  readonly text: string;
}

/** What is wrong with a state, whatever led to it. */
export function faultIn(state: State): Fault | undefined {
  const { attempts, row } = state;
  const live = attempts.flatMap(({ order }, index) => (order === 'live' ? [index] : []));
  const rowOrder = row?.age === 'live' && row.outcome.kind === 'ok' ? row.outcome.by : undefined;
  if (live.length > 1) {
    return {
      promised: 'P1',
      text: `the attempts ${live.join(' and ')} have each placed an order within the time to live`,
    };
  }
  if (live.some((index) => index !== rowOrder)) {
    return { promised: 'P1', text: `the order of attempt ${live.join()} is not what the ledger has` };
  }
  for (const [index, { phase, outcome }] of attempts.entries()) {
    if (phase !== 'answered' || outcome === undefined) {
      continue;
    }
    if (!isSameRequest(state, index, outcome.by)) {
      return { promised: 'P3', text: `attempt ${index} was given the answer to another request` };
    }
    if (outcome.kind === 'ok' && attemptOf(state, outcome.by).order !== 'live') {
      return { promised: 'P1', text: `attempt ${index} was told OK, and there is no order` };
    }
    if (row?.age !== 'live' || row.outcome.by !== outcome.by || row.outcome.kind !== outcome.kind) {
      return { promised: 'P2', text: `attempt ${index} was given an answer that the ledger does not have` };
    }
  }
  return undefined;
}

/** A fresh claim runs without a look into the ledger: there, the primary key is enough. */
const asksLedgerFirst: ReadonlySet<StepName> = new Set<StepName>([
  'begin-takeover',
  'begin-unanswered',
  'begin-unheard',
  'begin-delayed',
]);

/** What is wrong with a step, as its two ends show it. @param isCalm nothing fails in this search */
export function faultOf(before: State, { name, attempt, next }: Step, isCalm: boolean): Fault | undefined {
  if (attempt === undefined) {
    return undefined;
  }
  const { row } = before;
  const knows = row?.age === 'live' && isSameRequest(before, row.outcome.by, attempt);
  const after = attemptOf(next, attempt);
  if (after.phase === 'refused' && attemptOf(before, attempt).phase !== 'refused' && knows) {
    return { promised: 'P3', text: `attempt ${attempt} was refused, though the ledger has the outcome of its request` };
  }
  if (after.phase === 'runningHandler' && (asksLedgerFirst.has(name) || isCalm) && knows) {
    return { promised: 'waste', text: `attempt ${attempt} runs the handler, though the ledger has its outcome` };
  }
  const isEnding = name === 'settle' || name === 'release' || name === 'late-release';
  if (isEnding && before.redis !== next.redis && before.redis.kind !== 'absent' && !isOwn(before.redis, attempt)) {
    return { promised: 'owner', text: `attempt ${attempt} has ended what is not its own in Redis` };
  }
  return undefined;
}
