/** What is asked for: a retry repeats it, an altered call has the key and another request. */
export type Request = 'a' | 'b';

/** An outcome is known by the attempt that produced it: the answers of two attempts always differ. */
export interface Outcome {
  readonly kind: 'ok' | 'failed';
  readonly by: number;
}

/**
 * What Redis has under the record's name. The request of a claim or an outcome is that of the attempt it came from. `forgotten`: the
 * claim should have gone from here, or its lease ends later than any could.
 */
export type RedisRecord =
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'pending'; readonly owner: number; readonly lease: 'running' | 'over' | 'forgotten' }
  | { readonly kind: 'settled'; readonly outcome: Outcome };

export interface LedgerRow {
  readonly outcome: Outcome;
  readonly age: 'live' | 'expired' | 'forgotten';
}

/** Where an attempt is. */
export type Phase =
  /** Has not been called. */
  | 'idle'
  /** Leads for the record in its process, and asks the store. */
  | 'asking'
  /** Leads, and waits for another process. */
  | 'waiting'
  /** Follows the leader of its process. */
  | 'following'
  /** Reads the ledger before it runs. */
  | 'readingLedger'
  /** Reads the ledger because another request seems to have the record: as a leader, or beside the leader of its process. */
  | 'readingDespiteClaim'
  | 'readingDespiteRun'
  | 'runningHandler'
  /** Its statement is under way. */
  | 'committing'
  /** Has lost at the primary key, and reads who won. */
  | 'readingRival'
  /** Has an outcome in hand. */
  | 'answering'
  /** Its caller has that outcome. */
  | 'answered'
  /** Its caller was told that the key is another request's, or expired. */
  | 'refused'
  /** Its caller has no answer: it crashed, gave up, or was told to come again. */
  | 'ended';

export interface AttemptState {
  readonly phase: Phase;
  readonly request: Request;
  /** The process it runs in, named by the first attempt there. */
  readonly process: number;
  /** The outcome in hand, or told. */
  readonly outcome: Outcome | undefined;
  /** The statement that commits, from when it is sent until its result is heard: it outlives the attempt that sent it. */
  readonly statement: 'none' | Outcome['kind'];
  /** What the database made of it. */
  readonly result: 'none' | 'committed' | 'conflict';
  /** What goes to Redis behind the answer; it may come late or never, and outlives the attempt. */
  readonly behind: 'none' | 'settle' | 'release';
  /** Whether it leads, and was told that another process runs the same request: it is known whose record it is. */
  readonly hasRival: boolean;
  /** A `begin` that was not answered, and may run yet. */
  readonly lateBegin: boolean;
  /** The effect that it committed. */
  readonly order: 'none' | 'live' | 'past';
}

export interface State {
  readonly redis: RedisRecord;
  /** What a replica has that fell behind: a failover may bring it back. */
  readonly replica: RedisRecord;
  readonly row: LedgerRow | undefined;
  readonly attempts: readonly AttemptState[];
  /** Whether an expired record may be used again (P11). */
  readonly expiredIsNew: boolean;
}

export const absent: RedisRecord = { kind: 'absent' };

/** One that has not been called. */
export const newAttempt: AttemptState = {
  phase: 'idle',
  request: 'a',
  process: 0,
  outcome: undefined,
  statement: 'none',
  result: 'none',
  behind: 'none',
  hasRival: false,
  lateBegin: false,
  order: 'none',
};

/** The states in which a key is new: one for each policy on expired keys, where keys can expire. */
export function initialStates(attempts: number, canExpire: boolean): State[] {
  return (canExpire ? [false, true] : [false]).map((expiredIsNew) => ({
    redis: absent,
    replica: absent,
    row: undefined,
    attempts: Array.from({ length: attempts }, () => newAttempt),
    expiredIsNew,
  }));
}

/** The state with something changed in one attempt. */
export function withAttempt(state: State, me: number, change: Partial<AttemptState>): State {
  return {
    ...state,
    attempts: state.attempts.map((attempt, index) => (index === me ? { ...attempt, ...change } : attempt)),
  };
}

export function attemptOf(state: State, index: number): AttemptState {
  const attempt = state.attempts[index];
  if (attempt === undefined) {
    throw new RangeError(`there is no attempt ${index}`);
  }
  return attempt;
}

/** Whether the two attempts ask for the same. */
export function isSameRequest(state: State, one: number, other: number): boolean {
  return attemptOf(state, one).request === attemptOf(state, other).request;
}
