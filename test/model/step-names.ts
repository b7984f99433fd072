import type { State } from './state.ts';

/** Every step of the model, in words: an attempt, or what happens around it. docs/model/README.md says where each is in the code. */
export const stepWords = {
  call: 'is called, with request a',
  'altered-call': 'is called with the same key and request b',

  'begin-fresh': 'asks Redis, which has nothing, and claims the record',
  'begin-own': 'asks Redis, which has its own claim',
  'begin-takeover': 'asks Redis, and takes over a claim whose lease is over',
  'begin-in-progress': 'asks Redis, and is told that another attempt runs',
  'begin-settled': 'asks Redis, and gets the stored outcome',
  'begin-kept-in-ledger': 'asks Redis, and is told that the outcome is kept in the ledger',
  'begin-mismatch-pending': 'asks Redis, and is told that another request has a claim',
  'begin-mismatch-settled': 'asks Redis, and is told that another request was settled',
  'begin-foreign': 'asks Redis, and finds a foreign value',
  'begin-unanswered': 'asks Redis, and gets no answer; the script never runs',
  'begin-unheard': 'asks Redis, and gets no answer; the script has run',
  'begin-delayed': 'asks Redis, and gets no answer; the script has yet to run',
  'late-begin': 'has its late script run by Redis',

  'wait-ends': 'waits no longer: its time is up, or its caller has gone',
  'claim-frozen': 'believes no longer in a claim that does not move',

  'ledger-new': 'reads the ledger, which has no outcome, and runs the handler',
  'ledger-outcome': 'reads the ledger, which has the outcome',
  'ledger-refusal': 'reads the ledger, and refuses the call',
  'despite-outcome': 'reads the ledger despite the other claim, and finds its own outcome',
  'despite-refusal': 'reads the ledger despite the other claim, and refuses the call',
  'rival-outcome': 'reads who won, and takes that outcome',
  'rival-refusal': 'reads who won, and refuses the call',
  'rival-gone': 'reads who won, and finds nobody any more',
  'ledger-unanswered': 'reads the ledger, which does not answer, and gives the key back',

  'handler-ok': 'has a handler that commits an answer',
  'handler-final-failure': 'has a handler that fails for good',
  'give-back': 'gives the key back: the handler failed for now, or the caller has gone before it began',
  'given-up': 'is given up: its handler has run for too long',
  renew: 'renews its lease',
  'statement-runs': 'has its statement run by the database',
  'statement-refused': 'has its statement refused by the database',
  'commit-told': 'hears that it has committed',
  'conflict-told': 'hears that another attempt was faster',
  'outcome-unknown': 'loses its connection while it commits',

  settle: 'has its outcome written to Redis, if the claim is its own or nobody has one',
  release: 'has its claim released in Redis',
  'late-release': 'has what may be left of its claim released in Redis, which is back',
  answer: 'answers its caller',
  'answer-lost': 'answers, and nobody hears it',
  crash: 'dies, with all that runs in its process',

  'lease-over': 'the lease of the claim is over',
  'claim-gone': 'the dead claim goes away by itself',
  'claim-forgotten': 'the dead claim should have gone, and has not',
  'redis-forgets': 'Redis forgets the record',
  'replica-falls-behind': 'a replica has all this, and nothing of what follows',
  'stale-failover': 'Redis fails over to that replica',
  'foreign-value': 'somebody puts a foreign value under the record’s name in Redis',
  'time-to-live-over': 'the time to live of the outcome is over',
  'memory-over': 'the outcome is no longer remembered',
} as const;

export type StepName = keyof typeof stepWords;
export const stepNames = Object.keys(stepWords).filter((name): name is StepName => name in stepWords);

/** One step of one attempt, or of nobody. */
export interface Step {
  readonly name: StepName;
  readonly attempt: number | undefined;
  readonly next: State;
}

/** Takes a step that is possible. */
export type Take = (name: StepName, next: State) => void;

/** A step as a sentence. */
export function inWords({ name, attempt }: Omit<Step, 'next'>): string {
  return attempt === undefined ? stepWords[name] : `attempt ${attempt} ${stepWords[name]}`;
}
