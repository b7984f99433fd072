import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.ts';
import type { SimulationOptions } from './options.ts';
import type { Stage } from './stage.ts';
import type { Tally } from './tally.ts';

type Plan = Pick<SimulationOptions, 'seed' | 'seconds' | 'killWorkersEverySeconds' | 'redisRestarts'>;

export interface Misfortune {
  readonly atMs: number;
  readonly kind: 'workerDies' | 'redisDies';
}

/** What goes wrong, and when: workers die at a fixed beat, and Redis at equal distances. */
export function planMisfortunes({ seconds, killWorkersEverySeconds, redisRestarts }: Omit<Plan, 'seed'>): Misfortune[] {
  const misfortunes: Misfortune[] = [];
  if (killWorkersEverySeconds !== undefined) {
    for (let at = killWorkersEverySeconds; at < seconds; at += killWorkersEverySeconds) {
      misfortunes.push({ atMs: at * 1_000, kind: 'workerDies' });
    }
  }
  for (let time = 1; time <= redisRestarts; time += 1) {
    misfortunes.push({ atMs: (seconds * 1_000 * time) / (redisRestarts + 1), kind: 'redisDies' });
  }
  return misfortunes.sort((one, other) => one.atMs - other.atMs);
}

/** Lets it happen, until the load ends. @throws SimulatorError if something ends that was not to */
export async function sufferMisfortunes(
  plan: Plan,
  own: Stage['own'],
  tally: Tally,
  loadEnd: AbortSignal,
): Promise<void> {
  if (own === undefined) {
    return;
  }
  const dice = new Dice(plan.seed, 'victims');
  const beganAtMs = performance.now();
  for (const { atMs, kind } of planMisfortunes(plan)) {
    const waitMs = Math.max(0, beganAtMs + atMs - performance.now());
    await sleep(waitMs, undefined, { signal: loadEnd }).catch(() => {});
    if (loadEnd.aborted) {
      return;
    }
    await own.requireWell();
    if (kind === 'workerDies') {
      await own.crew.replaceOne(dice);
      tally.count('killedWorkers');
    } else {
      await own.redis.killAndRestart();
      tally.count('redisRestarts');
    }
  }
}
