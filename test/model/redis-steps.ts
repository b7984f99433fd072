import type { Flaws } from './flaws.ts';
import { beginScript, isOwn, releaseScript, renewScript, settleScript } from './redis-scripts.ts';
import { type AttemptState, type State, withAttempt } from './state.ts';
import type { Take } from './step-names.ts';

/** What goes to Redis while an attempt runs and behind its answer. */
export function redisSteps(
  state: State,
  me: number,
  { phase, behind, outcome, lateBegin }: AttemptState,
  flaws: Flaws,
  take: Take,
) {
  const { redis } = state;
  if (phase === 'runningHandler' || phase === 'committing' || phase === 'readingRival') {
    take('renew', { ...state, redis: renewScript(redis, me) });
  }
  if (lateBegin) {
    take('late-begin', { ...withAttempt(state, me, { lateBegin: false }), redis: beginScript(state, me, flaws).redis });
  }
  if (behind === 'settle' && outcome !== undefined) {
    const done = withAttempt(state, me, { behind: 'none', ...(phase === 'ended' && { outcome: undefined }) });
    const settled = settleScript(redis, me, outcome, flaws);
    take('settle', settled === undefined ? done : wake({ ...done, redis: settled }));
    // Redis did not answer: when it is back, what may be left of the claim is released.
    if (isOwn(redis, me)) {
      take('late-release', wake({ ...state, redis: releaseScript(redis, me, flaws) ?? redis }));
    }
  }
  if (behind === 'release') {
    const done = withAttempt(state, me, { behind: 'none' });
    const released = releaseScript(redis, me, flaws);
    take('release', released === undefined ? done : wake({ ...done, redis: released }));
  }
}

/** A message to whoever waits: that it may be lost is what the recheck is for. */
function wake(state: State): State {
  return state.attempts.reduce(
    (woken, { phase }, index) => (phase === 'waiting' ? withAttempt(woken, index, { phase: 'asking' }) : woken),
    state,
  );
}
