import type { StepName } from './step-names.ts';

/** What a search looks at: how many calls of one key, and what can happen around them, each as often as it likes. */
export interface Scope {
  readonly words: string;
  /** Calls of the key, retries included. */
  readonly attempts: number;
  /** Steps that are not taken. */
  readonly without: ReadonlySet<StepName>;
  /** Nothing fails, so that nothing may be done in vain. */
  readonly isCalm: boolean;
}

/** Left out where three attempts would be too many otherwise; with two they are looked at. */
const rarer: readonly StepName[] = [
  'begin-delayed',
  'begin-kept-in-ledger',
  'handler-final-failure',
  'claim-forgotten',
  'replica-falls-behind',
  'stale-failover',
  'foreign-value',
  'memory-over',
];

const failures: readonly StepName[] = [
  'begin-unanswered',
  'begin-unheard',
  'begin-delayed',
  'claim-frozen',
  'ledger-unanswered',
  'given-up',
  'statement-refused',
  'outcome-unknown',
  'late-release',
  'answer-lost',
  'crash',
  'lease-over',
  'redis-forgets',
  'replica-falls-behind',
  'stale-failover',
  'foreign-value',
  'time-to-live-over',
];

export const scopes = {
  two: { words: 'two attempts, every step', attempts: 2, without: new Set(), isCalm: false },
  twoNarrow: { words: 'two attempts, the commoner steps', attempts: 2, without: new Set(rarer), isCalm: false },
  three: { words: 'three attempts, the commoner steps', attempts: 3, without: new Set(rarer), isCalm: false },
  calm: { words: 'two attempts, nothing fails', attempts: 2, without: new Set(failures), isCalm: true },
} as const satisfies Record<string, Scope>;

export type ScopeName = keyof typeof scopes;
export const scopeNames = Object.keys(scopes).filter((name): name is ScopeName => name in scopes);
