import { conclude, endWithoutAnswer, giveBack } from './endings.ts';
import type { Flaws } from './flaws.ts';
import { runStatement } from './ledger-rules.ts';
import { attemptOf, type Outcome, type State, withAttempt } from './state.ts';
import type { Take } from './step-names.ts';

/** The statement on its way, also after its attempt has ended, and its result. */
export function statementSteps(state: State, me: number, flaws: Flaws, take: Take): void {
  const { statement, result, phase } = attemptOf(state, me);
  if (statement === 'none') {
    return;
  }
  const own: Outcome = { kind: statement, by: me };
  const heard = withAttempt(state, me, { statement: 'none', result: 'none' });
  switch (result) {
    case 'none':
      take('statement-runs', runStatement(state, me, flaws));
      if (phase === 'committing') {
        take('statement-refused', withAttempt(heard, me, { phase: 'runningHandler' }));
      }
      break;
    case 'committed':
      take('commit-told', conclude(heard, me, own, flaws.has('releaseAfterCommit') ? 'release' : 'settle'));
      break;
    case 'conflict':
      take(
        'conflict-told',
        flaws.has('conflictIgnored')
          ? conclude(heard, me, own, 'settle')
          : withAttempt(heard, me, { phase: 'readingRival' }),
      );
      break;
    default:
      throw new Error(`unknown result ${JSON.stringify(result satisfies never)}`);
  }
  if (phase === 'committing') {
    // The connection is lost, or the handler's time is over: what has been sent may still run.
    const unheard = result === 'none' ? state : heard;
    const isTold = flaws.has('unknownToldAsFailure');
    const failure: Outcome = { kind: 'failed', by: me };
    take('outcome-unknown', isTold ? conclude(unheard, me, failure, 'release') : giveBack(unheard, me));
    take('given-up', endWithoutAnswer(unheard, me));
  }
}
