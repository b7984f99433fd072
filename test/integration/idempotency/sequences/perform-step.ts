import type { ClaimReply } from '../../../../src/idempotency/store.ts';
import { isAlive } from '../../../model/local-runs.ts';
import { isOwn } from '../../../model/redis-scripts.ts';
import { attemptOf, type State } from '../../../model/state.ts';
import type { Step, StepName } from '../../../model/step-names.ts';
import { performAround } from './perform-around.ts';
import type { Decision, RealAttempt } from './real-attempt.ts';
import { type RealKey, requireSame } from './real-key.ts';

/** What Redis must have said for a branch of `begin`. */
const replies: Partial<Record<StepName, RealAttempt['reply']>> = {
  'begin-fresh': 'acquired',
  'begin-own': 'acquired',
  'begin-takeover': 'takeover',
  'begin-in-progress': 'inProgress',
  'begin-settled': 'settled',
  'begin-mismatch-pending': 'mismatch',
  'begin-mismatch-settled': 'mismatch',
  'begin-foreign': 'askLedger',
};

/** Steps that an attempt takes when it is told how to go on. */
const decisions: Partial<Record<StepName, Decision>> = {
  'begin-unanswered': 'fail',
  'begin-unheard': 'unheard',
  'begin-delayed': 'delayed',
  'ledger-new': 'go',
  'ledger-outcome': 'go',
  'ledger-refusal': 'go',
  'despite-outcome': 'go',
  'despite-refusal': 'go',
  'rival-outcome': 'go',
  'rival-refusal': 'go',
  'rival-gone': 'go',
  'ledger-unanswered': 'fail',
  'handler-ok': 'ok',
  'handler-final-failure': 'finalFailure',
  'give-back': 'giveBack',
  'statement-refused': 'fail',
  'commit-told': 'go',
  'conflict-told': 'go',
  'outcome-unknown': 'unknown',
  answer: 'go',
  'answer-lost': 'lost',
};

/** Does in reality what a step of the model says. @throws if the stores reply otherwise than the model */
export async function performStep(key: RealKey, before: State, step: Step): Promise<void> {
  const { name, attempt: index, next } = step;
  if (index === undefined) {
    await performAround(key, name, before);
    return;
  }
  if (name === 'call' || name === 'altered-call') {
    const { process, request } = attemptOf(next, index);
    key.call(process, request);
  } else if (name === 'crash') {
    const { process } = attemptOf(before, index);
    key.crash([...before.attempts.keys()].filter((other) => isOf(before, other, process)));
  } else {
    await performOwn(key, before, step, index);
  }
  await key.agree(next);
  const reply = replies[name];
  if (reply !== undefined) {
    requireSame(`the reply to attempt ${index}`, key.attemptOf(index).reply, reply);
  }
}

async function performOwn(key: RealKey, before: State, { name, next }: Step, index: number): Promise<void> {
  const attempt = key.attemptOf(index);
  const { store } = key.stage;
  const decision = name in replies ? 'go' : decisions[name];
  if (decision !== undefined) {
    attempt.go(decision);
    return;
  }
  switch (name) {
    case 'wait-ends':
      attempt.gone.abort();
      return;
    case 'statement-runs':
      await runStatement(attempt, attemptOf(before, index).phase === 'committing', before.row !== next.row);
      return;
    case 'late-begin':
      await store.begin(claimOf(attempt));
      return;
    case 'renew':
      requireSame(
        'the reply to `renew`',
        await store.renew(claimOf(attempt)),
        isOwn(before.redis, index) ? 'done' : 'lost',
      );
      return;
    case 'late-release':
      requireSame('the reply to `release`', await store.release(claimOf(attempt)), 'done');
      return;
    case 'settle':
    case 'release':
      requireSame(`the reply to \`${name}\``, await tellRedis(attempt), before.redis === next.redis ? 'lost' : 'done');
      return;
    default:
      throw new Error(`the sequences cannot perform ${name}`);
  }
}

/** @param isAwaited by its attempt; else it runs although nobody hears of it */
async function runStatement(attempt: RealAttempt, isAwaited: boolean, isNew: boolean): Promise<void> {
  if (isAwaited) {
    attempt.go('go');
    return;
  }
  const result = await attempt.statement?.();
  requireSame('what the ledger said to a late statement', result, isNew ? 'committed' : 'conflict');
}

async function tellRedis(attempt: RealAttempt): Promise<ClaimReply | undefined> {
  const { behind } = attempt;
  attempt.behind = undefined;
  return await behind?.run();
}

function claimOf({ claim }: RealAttempt) {
  if (claim === undefined) {
    throw new Error('the attempt has no claim');
  }
  return claim;
}

function isOf(state: State, index: number, process: number): boolean {
  const attempt = attemptOf(state, index);
  return attempt.process === process && isAlive(attempt);
}
