import type { CommitResult, Outcome } from '../../../../src/idempotency/index.ts';
import type { BeginReply, Claim, ClaimReply } from '../../../../src/idempotency/store.ts';
import type { AttemptState } from '../../../model/state.ts';

/** Where a real attempt stands: it goes on from there only when it is told to. */
export type Position =
  | 'idle'
  | 'asking'
  | 'following'
  | 'reading'
  | 'runningHandler'
  | 'committing'
  | 'told'
  | 'answering'
  | 'answered'
  | 'refused'
  | 'ended'
  /** On its way. */
  | 'moving';

/** How an attempt is to go on from where it stands. */
export type Decision = 'go' | 'fail' | 'unheard' | 'delayed' | 'unknown' | 'ok' | 'finalFailure' | 'giveBack' | 'lost';

/** Longer than anything takes on a busy machine. */
const MOVE_LIMIT_MS = 20_000;

/** One call of a real coordinator, which stops wherever a step of the model begins. */
export class RealAttempt {
  at: Position = 'idle';
  claim: Claim | undefined;
  /** What `begin` has said last. */
  reply: BeginReply['kind'] | 'takeover' | undefined;
  /** The statement that it has sent. */
  statement: (() => Promise<CommitResult>) | undefined;
  result: CommitResult | undefined;
  /** What it still has to tell Redis. */
  behind: { readonly kind: 'settle' | 'release'; readonly run: () => Promise<ClaimReply> } | undefined;
  outcome: Outcome | undefined;
  readonly gone = new AbortController();
  #isDead = false;
  #decide: ((decision: Decision) => void) | undefined;
  #moved = Promise.withResolvers<void>();

  /** Stands still until it is told how to go on; for ever if its process has died. */
  async stop(at: Position): Promise<Decision> {
    const decided = Promise.withResolvers<Decision>();
    if (!this.#isDead) {
      this.#decide = decided.resolve;
      this.arrive(at);
    }
    return await decided.promise;
  }

  arrive(at: Position): void {
    if (!this.#isDead) {
      this.at = at;
      this.#moved.resolve();
      this.#moved = Promise.withResolvers();
    }
  }

  go(decision: Decision): void {
    const decide = this.#decide;
    if (decide === undefined) {
      throw new Error(`the attempt does not stand still: it is ${this.at}`);
    }
    this.#decide = undefined;
    this.at = 'moving';
    decide(decision);
  }

  /** Its process is no more. */
  die(): void {
    this.arrive('ended');
    this.#isDead = true;
  }

  /** Waits until it stands where the model has it. @throws if it stands elsewhere */
  async comeTo(expected: Position): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, MOVE_LIMIT_MS);
    const endsAtMs = performance.now() + MOVE_LIMIT_MS;
    while (this.at !== expected && isOnItsWay(this.at) && performance.now() < endsAtMs) {
      await Promise.race([this.#moved.promise, limit.promise]);
    }
    clearTimeout(timer);
    if (this.at !== expected) {
      throw new Error(`the attempt is ${this.at}, and the model says ${expected}`);
    }
  }
}

/** A follower moves when its leader does. */
function isOnItsWay(at: Position): boolean {
  return at === 'moving' || at === 'following';
}

/** Where an attempt of the model stands in reality: one that waits asks again after a millisecond. */
export function positionOf({ phase, result }: AttemptState): Position {
  switch (phase) {
    case 'waiting':
      return 'asking';
    case 'readingLedger':
    case 'readingDespiteClaim':
    case 'readingDespiteRun':
    case 'readingRival':
      return 'reading';
    case 'committing':
      return result === 'none' ? 'committing' : 'told';
    default:
      return phase;
  }
}
