import type { Environment } from '../../src/config/environment.ts';
import { takeSteps } from '../../src/simulator/progress.ts';
import { killAll, rage } from './faults/storm.ts';
import type { History } from './history.ts';
import { comeToRest, endInOrder, findLeft } from './judge/at-rest.ts';
import { takeSnapshot } from './judge/snapshot.ts';
import type { Health } from './load/caller.ts';
import { askAgain, besiege } from './load/crowd.ts';
import type { Intent } from './load/requests.ts';
import type { TortureOptions } from './options.ts';
import { Recorder } from './recorder.ts';
import { withDatabase } from './stage/database-session.ts';
import { Editions } from './stage/editions.ts';
import { buildStage, type Stage } from './stage/stage.ts';

export interface TortureParts {
  readonly options: TortureOptions;
  readonly environment: Environment;
  /** For all data. */
  readonly folder: string;
  /** For the logs of the servers. */
  readonly logFolder: string;
  /** Takes what is to be ended when all is over. */
  readonly stack: AsyncDisposableStack;
  /** Aborted when the load is to end early. */
  readonly over: AbortController;
}

type Say = (what: string) => void;

const REST_LIMIT_MS = 120_000;
const STATUS_MS = 200;

/** Lets clients and faults at the service, and returns what has happened. */
export async function torture(parts: TortureParts): Promise<History> {
  const { options, folder, over } = parts;
  const { seconds, seed, servers, clients } = options;
  const recorder = new Recorder();
  const editions = new Editions(folder);
  const stage = Promise.withResolvers<Stage>();
  let meant: readonly Intent[] = [];
  await takeSteps([
    {
      title: 'Set the stage',
      run: async (say) => stage.resolve(await buildStage({ ...parts, ...options, edition: editions.present, say })),
    },
    {
      title: `${clients} clients, ${servers} servers and ${options.faults.length} kinds of faults for ${seconds} s, seed ${seed}`,
      run: async (say) => {
        meant = await endure(await stage.promise, editions, recorder, options, over, say);
      },
    },
    {
      title: 'Ask for every answer once more',
      run: async (say) => {
        using _telling = tell(recorder, say);
        await askAgain(meant, {
          seed,
          stage: await stage.promise,
          recorder,
          health: { wellSinceMs: performance.now() },
        });
      },
    },
    {
      title: 'Wait until everything is at rest',
      run: async (say) => {
        const { postgres } = await stage.promise;
        await comeToRest(postgres.url, REST_LIMIT_MS, say);
        recorder.note(await findLeft(await stage.promise));
        recorder.note(await endInOrder(await stage.promise));
      },
    },
    {
      title: 'Read what the database has',
      run: async () => {
        const { postgres } = await stage.promise;
        recorder.note(await withDatabase(postgres.url, takeSnapshot));
      },
    },
  ]);
  return { run: { kind: 'run', seed, seconds, servers, clients }, events: recorder.events };
}

/** Load and faults together; then there is time for the last answers. */
async function endure(
  stage: Stage,
  editions: Editions,
  recorder: Recorder,
  options: TortureOptions,
  over: AbortController,
  say: Say,
): Promise<readonly Intent[]> {
  using _telling = tell(recorder, say);
  const health: Health = { wellSinceMs: Number.POSITIVE_INFINITY };
  const load = besiege({ ...options, stage, recorder, over: over.signal, health });
  const storm = rage({ ...options, stage, editions, recorder, over: over.signal });
  try {
    await Promise.race([storm, load]);
  } finally {
    over.abort();
    // Whatever it has broken it mends, before anything is ended.
    await Promise.allSettled([storm]);
  }
  health.wellSinceMs = performance.now();
  const meant = await load;
  // These servers have lived through faults. Those that come behind the next kill are new, and have nothing to lose yet.
  await comeToRest(stage.postgres.url, REST_LIMIT_MS, say);
  recorder.note(await findLeft(stage));
  await killAll({ stage, recorder });
  return meant;
}

/** Shows how far it is until it is disposed of. */
function tell(recorder: Recorder, say: Say): Disposable {
  const timer = setInterval(() => {
    const endings = [...recorder.endings].sort(([, one], [, other]) => other - one).slice(0, 5);
    say(
      `${Math.round(recorder.nowMs() / 1_000)} s: ${recorder.calls} calls, ${recorder.faults} faults; ` +
        endings.map(([reason, count]) => `${count} ${reason}`).join(', '),
    );
  }, STATUS_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
