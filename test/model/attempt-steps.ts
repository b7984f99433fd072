import { conclude, crash, endWithoutAnswer, giveBack, keptBehind, refuse } from './endings.ts';
import type { Flaws } from './flaws.ts';
import { judge } from './ledger-rules.ts';
import { execute, isAlive, wait } from './local-runs.ts';
import { type BeginBranch, beginScript, settleScript } from './redis-scripts.ts';
import { redisSteps } from './redis-steps.ts';
import { attemptOf, type Outcome, type State, withAttempt } from './state.ts';
import { statementSteps } from './statement-steps.ts';
import type { Take } from './step-names.ts';

/** All steps that one attempt, or something that it has left behind, can take. */
export function attemptSteps(state: State, me: number, flaws: Flaws, take: Take): void {
  const attempt = attemptOf(state, me);
  phaseSteps(state, me, flaws, take);
  statementSteps(state, me, flaws, take);
  redisSteps(state, me, attempt, flaws, take);
  if (isAlive(attempt)) {
    take('crash', crash(state, attempt.process));
  }
}

function phaseSteps(state: State, me: number, flaws: Flaws, take: Take): void {
  const { phase, outcome } = attemptOf(state, me);
  switch (phase) {
    case 'idle':
    case 'answered':
    case 'refused':
    case 'ended':
      return;
    case 'asking':
      ask(state, me, flaws, take);
      return;
    case 'waiting':
      if (!flaws.has('waiterMissesWakeUp')) {
        // A message, the end of the lease, or the recheck: sooner or later it asks again.
        ask(state, me, flaws, take);
        take('claim-frozen', withAttempt(state, me, { phase: 'readingLedger' }));
      }
      take('wait-ends', endWithoutAnswer(state, me));
      return;
    case 'following':
      take('wait-ends', withAttempt(state, me, { phase: 'ended' }));
      return;
    case 'readingLedger':
      readLedger(state, me, flaws, take);
      return;
    case 'readingDespiteClaim':
    case 'readingDespiteRun':
      readDespite(state, me, flaws, take);
      return;
    case 'runningHandler':
      runHandler(state, me, flaws, take);
      return;
    case 'committing':
      return;
    case 'readingRival':
      readRival(state, me, flaws, take);
      return;
    case 'answering':
      take('answer', withAttempt(state, me, { phase: 'answered' }));
      take('answer-lost', withAttempt(state, me, { phase: 'ended', outcome: keptBehind(state, me, outcome) }));
      return;
    default:
      throw new Error(`unknown phase ${JSON.stringify(phase satisfies never)}`);
  }
}

/** claimRecord in src/idempotency/claim.ts, up to the reply. */
function ask(state: State, me: number, flaws: Flaws, take: Take): void {
  const { branch, redis } = beginScript(state, me, flaws);
  const asked = { ...state, redis };
  take(`begin-${branch}`, afterBegin(asked, me, branch, flaws));
  if (branch === 'settled') {
    take('begin-kept-in-ledger', withAttempt(asked, me, { phase: 'readingLedger' }));
  }
  // No answer: it has not run, it has, or it will. Nobody can tell.
  const goOn = (unanswered: State) =>
    flaws.has('unansweredBeginWithoutLedger')
      ? execute(unanswered, me)
      : withAttempt(unanswered, me, { phase: 'readingLedger' });
  take('begin-unanswered', goOn(state));
  take('begin-unheard', goOn(asked));
  take('begin-delayed', goOn(withAttempt(state, me, { lateBegin: true })));
}

function afterBegin(state: State, me: number, branch: BeginBranch, flaws: Flaws): State {
  switch (branch) {
    case 'fresh':
    case 'own':
      return execute(state, me);
    case 'takeover':
      return flaws.has('takeoverWithoutLedger')
        ? execute(state, me)
        : withAttempt(state, me, { phase: 'readingLedger' });
    case 'in-progress':
      return wait(state, me);
    case 'settled':
      return state.redis.kind === 'settled' ? conclude(state, me, state.redis.outcome, 'none') : state;
    case 'mismatch-pending':
    case 'mismatch-settled': {
      if (flaws.has('redisMismatchTrusted')) {
        return refuse(state, me);
      }
      const phase = branch === 'mismatch-pending' ? 'readingDespiteClaim' : 'readingLedger';
      return withAttempt(state, me, { phase });
    }
    case 'foreign':
      return withAttempt(state, me, { phase: 'readingLedger' });
    default:
      throw new Error(`unknown branch ${JSON.stringify(branch satisfies never)}`);
  }
}

/** askLedger in src/idempotency/claim.ts */
function readLedger(state: State, me: number, flaws: Flaws, take: Take): void {
  const verdict = judge(state, me, flaws);
  switch (verdict.kind) {
    case 'new':
      take('ledger-new', execute(state, me));
      break;
    case 'outcome':
      take('ledger-outcome', conclude(state, me, verdict.outcome, 'settle'));
      break;
    case 'refusal':
      take('ledger-refusal', refuse(withAttempt(state, me, { behind: 'release' }), me));
      break;
    default:
      throw new Error(`unknown verdict ${JSON.stringify(verdict satisfies never)}`);
  }
  take('ledger-unanswered', giveBack(state, me));
}

/** outcomeDespiteClaim in src/idempotency/claim.ts */
function readDespite(state: State, me: number, flaws: Flaws, take: Take): void {
  const verdict = judge(state, me, flaws);
  if (verdict.kind === 'outcome') {
    take('despite-outcome', conclude(state, me, verdict.outcome, 'none'));
  } else {
    take('despite-refusal', refuse(state, me));
  }
  take('ledger-unanswered', endWithoutAnswer(state, me));
}

/** The handler of src/idempotency/attempt.ts ends, or commits. */
function runHandler(state: State, me: number, flaws: Flaws, take: Take): void {
  const ends = [
    ['handler-ok', 'ok'],
    ['handler-final-failure', 'failed'],
  ] as const;
  for (const [name, kind] of ends) {
    const sent = withAttempt(state, me, { phase: 'committing', statement: kind });
    const outcome: Outcome = { kind, by: me };
    if (flaws.has('answerBeforeCommit')) {
      take(name, conclude(sent, me, outcome, 'settle'));
    } else if (flaws.has('settledBeforeCommit')) {
      const redis = settleScript(state.redis, me, outcome, flaws);
      take(name, redis === undefined ? sent : { ...sent, redis });
    } else {
      take(name, sent);
    }
  }
  take('give-back', giveBack(state, me));
  take('given-up', endWithoutAnswer(state, me));
}

/** #settleBy of src/idempotency/attempt.ts, behind a conflict. */
function readRival(state: State, me: number, flaws: Flaws, take: Take): void {
  const verdict = judge(state, me, flaws);
  switch (verdict.kind) {
    case 'new':
      take('rival-gone', giveBack(state, me));
      break;
    case 'outcome':
      take('rival-outcome', conclude(state, me, verdict.outcome, 'settle'));
      break;
    case 'refusal':
      take('rival-refusal', refuse(withAttempt(state, me, { behind: 'release' }), me));
      break;
    default:
      throw new Error(`unknown verdict ${JSON.stringify(verdict satisfies never)}`);
  }
  take('ledger-unanswered', giveBack(state, me));
}
