import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../orders/transitions.ts';
import { check } from './check.ts';
import type { Evidence, KeptOrder } from './evidence.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { sufferMisfortunes } from './misfortunes.ts';
import type { SimulationOptions } from './options.ts';
import { takeSteps } from './progress.ts';
import { type Scene, setScene } from './scene.ts';
import { settle } from './settle.ts';
import type { Stage } from './stage.ts';
import { sumOf, type Tally } from './tally.ts';
import type { Violation } from './violation.ts';

export interface SimulationParts {
  readonly options: SimulationOptions;
  readonly buildStage: (say: Say) => Promise<Stage>;
  /** Takes what is to be ended when all is over. */
  readonly stack: AsyncDisposableStack;
  /** Aborted when no more customers are to come. */
  readonly loadEnd: AbortController;
}

type Say = (what: string) => void;

export interface Judgement {
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
}

const STATUS_MS = 200;

/** Plays a simulation from the first process to the judgement, and shows how far it is. */
export async function play({ options, buildStage, stack, loadEnd }: SimulationParts): Promise<Judgement> {
  const { rate, seconds, seed } = options;
  const scene = Promise.withResolvers<Scene>();
  const judgement = Promise.withResolvers<Judgement>();
  await takeSteps([
    {
      title: 'Set the stage',
      run: async (say) => scene.resolve(await setScene(await buildStage(say), options, stack, loadEnd.signal)),
    },
    {
      title: `Place ${rate} orders a second for ${seconds} s, seed ${seed}`,
      run: async (say) => burden(await scene.promise, options, loadEnd, say),
    },
    {
      title: 'Wait until every order is final and everything is told',
      run: async (say) => {
        const { load, sendHome, stage, ...rest } = await scene.promise;
        await settle({ ...rest, load, own: stage.own, say });
        sendHome();
        await load.finish();
      },
    },
    {
      title: 'Hold what was seen against the database',
      run: async () => judgement.resolve(await judge(await scene.promise)),
    },
  ]);
  return await judgement.promise;
}

/** The load, and what goes wrong meanwhile. */
async function burden(
  { stage, load, tally }: Scene,
  options: SimulationOptions,
  loadEnd: AbortController,
  say: Say,
): Promise<void> {
  const over = new AbortController();
  const telling = tell(load, tally, over.signal, say);
  try {
    await Promise.all([
      load.generate(),
      sufferMisfortunes(options, stage.own, tally, AbortSignal.any([loadEnd.signal, over.signal])),
    ]);
  } catch (error) {
    loadEnd.abort();
    throw error;
  } finally {
    over.abort();
    await telling;
  }
}

async function tell(load: Scene['load'], tally: Tally, over: AbortSignal, say: Say): Promise<void> {
  while (!over.aborted) {
    const { p50, p99 } = tally.percentilesMs('create') ?? { p50: 0, p99: 0 };
    say(
      `${load.come} orders, ${tally.countOf('replayed')} replays, ${sumOf(tally.retries)} retries, ` +
        `${tally.countOf('cutConnections')} cuts, ${tally.countOf('killedWorkers')} workers killed, ` +
        `create p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
    await sleep(STATUS_MS, undefined, { signal: over }).catch(() => {});
  }
}

async function judge({ stage, journal, consumer, database, tally }: Scene): Promise<Judgement> {
  const evidence = await gatherEvidence(stage.own, journal, consumer, database);
  for (const order of evidence.orders) {
    timeLife(order, tally);
  }
  return { evidence, violations: check(evidence), tally };
}

function timeLife({ state, events }: KeptOrder, tally: Tally): void {
  const [first, last] = [events[0], events.at(-1)];
  if (isFinal(state) && first !== undefined && last !== undefined) {
    tally.time('toFinal', last.time.getTime() - first.time.getTime());
  }
}
