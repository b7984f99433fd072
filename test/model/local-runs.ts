import {
  type AttemptState,
  attemptOf,
  isSameRequest,
  type Outcome,
  type Phase,
  type State,
  withAttempt,
} from './state.ts';

// Duplicates in one process follow its leader: src/idempotency/local-run.ts, and #begin and #follow of the coordinator.

const executingPhases: ReadonlySet<Phase> = new Set(['runningHandler', 'committing', 'readingRival']);
const leadingPhases: ReadonlySet<Phase> = new Set([
  ...executingPhases,
  'asking',
  'waiting',
  'readingLedger',
  'readingDespiteClaim',
]);

export function isAlive({ phase }: AttemptState): boolean {
  return phase !== 'idle' && phase !== 'answered' && phase !== 'refused' && phase !== 'ended';
}

/** Whether an attempt leads for the record in its process. */
export function leads(phase: Phase): boolean {
  return leadingPhases.has(phase);
}

export function leaderOf(state: State, process: number): number | undefined {
  const index = state.attempts.findIndex((attempt) => attempt.process === process && leads(attempt.phase));
  return index < 0 ? undefined : index;
}

/** A call that has arrived, or was let go by its leader: it leads, follows, or asks the ledger beside the leader. */
export function arrive(state: State, me: number): State {
  const leader = leaderOf(state, attemptOf(state, me).process);
  if (leader === undefined) {
    return withAttempt(state, me, { phase: 'asking' });
  }
  const { phase, hasRival } = attemptOf(state, leader);
  const isBeside = !isSameRequest(state, leader, me) && (hasRival || executingPhases.has(phase));
  return withAttempt(state, me, { phase: isBeside ? 'readingDespiteRun' : 'following' });
}

/** The leader begins to run its handler. */
export function execute(state: State, leader: number): State {
  return letOthersGo(withAttempt(state, leader, { phase: 'runningHandler', hasRival: false }), leader);
}

/** The leader is told that another process runs its request, and waits for that. */
export function wait(state: State, leader: number): State {
  return letOthersGo(withAttempt(state, leader, { phase: 'waiting', hasRival: true }), leader);
}

/** It is known whose record it is: followers with another request need not wait for its end. */
function letOthersGo(next: State, leader: number): State {
  return followersOf(next, leader)
    .filter((follower) => !isSameRequest(next, leader, follower))
    .reduce(arrive, next);
}

/** Ends a run: followers with the same request get its outcome, all others look again, in the order of their arrival. */
export function settleRun(ended: State, leader: number, outcome?: Outcome): State {
  let next = ended;
  for (const follower of followersOf(ended, leader)) {
    const shares = outcome !== undefined && isSameRequest(ended, leader, follower);
    next = shares ? withAttempt(next, follower, { phase: 'answering', outcome }) : arrive(next, follower);
  }
  return next;
}

function followersOf(state: State, leader: number): number[] {
  const { process } = attemptOf(state, leader);
  return state.attempts.flatMap((attempt, index) =>
    attempt.phase === 'following' && attempt.process === process ? [index] : [],
  );
}
