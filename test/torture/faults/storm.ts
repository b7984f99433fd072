import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../../../src/simulator/dice.ts';
import { findDegraded } from '../judge/at-rest.ts';
import type { Recorder } from '../recorder.ts';
import type { Editions } from '../stage/editions.ts';
import type { Stage } from '../stage/stage.ts';
import type { Fault, Lane } from './fault.ts';
import { killEverything } from './kill-everything.ts';

export interface StormOptions {
  readonly faults: readonly Fault[];
  readonly seconds: number;
  /** Between two faults of a lane, on average. */
  readonly restSeconds: number;
  readonly seed: string;
  readonly stage: Stage;
  readonly editions: Editions;
  readonly recorder: Recorder;
  /** Aborted when it is to end early. */
  readonly over: AbortSignal;
}

/** So often everything is killed at once. */
const CALM_EVERY_MS = 60_000;

const lanes: readonly Lane[] = ['servers', 'redis', 'postgres', 'clients'];

/**
 * Lets faults happen, each lane for itself, until the time is over. Now and then all lanes pause, and everything is killed at once;
 * who lives through the last gust is looked at before it is killed.
 */
export async function rage(options: StormOptions): Promise<void> {
  const { seconds, over, stage } = options;
  const endMs = performance.now() + seconds * 1_000;
  for (let gust = 0; performance.now() < endMs && !over.aborted; gust += 1) {
    const gustEndMs = Math.min(endMs, performance.now() + Math.min(CALM_EVERY_MS, seconds * 500));
    const gusts = await Promise.allSettled(lanes.map((lane) => rageIn(lane, gust, gustEndMs, options)));
    for (const result of gusts) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
    options.recorder.note(await findDegraded(stage));
    if (performance.now() < endMs && !over.aborted) {
      await killAll(options);
    }
  }
}

export async function killAll({ stage, recorder }: Pick<StormOptions, 'stage' | 'recorder'>): Promise<void> {
  await struck('everything-killed', () => killEverything({ stage, recorder }), { recorder });
}

async function rageIn(lane: Lane, gust: number, endMs: number, options: StormOptions): Promise<void> {
  const { seed, stage, editions, over, restSeconds } = options;
  const [first, ...others] = options.faults.filter((fault) => fault.lane === lane);
  if (first === undefined) {
    return;
  }
  for (let index = 0; ; index += 1) {
    const dice = new Dice(seed, 'fault', lane, gust, index);
    const restMs = dice.between(0, 2_000 * restSeconds);
    await sleep(Math.min(restMs, Math.max(0, endMs - performance.now())), undefined, { signal: over }).catch(() => {});
    if (performance.now() >= endMs || over.aborted) {
      return;
    }
    const fault = dice.pick([first, ...others]);
    await struck(fault.name, () => fault.strike({ stage, editions, dice }), options);
  }
}

async function struck(
  name: string,
  strike: () => Promise<string | undefined>,
  { recorder }: Pick<StormOptions, 'recorder'>,
): Promise<void> {
  const startMs = recorder.nowMs();
  const what = await strike();
  if (what !== undefined) {
    recorder.noteFault({ fault: name, what, startMs, endMs: recorder.nowMs() });
  }
}
