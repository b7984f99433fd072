import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { EmbeddedError } from '../embedded/embedded-error.ts';
import type { SimulationOptions } from './options.ts';
import { buildOwnStage } from './own-stage.ts';
import { renderReport } from './report.ts';
import { useRunningStage } from './running-stage.ts';
import { play } from './simulation.ts';
import { SimulatorError } from './simulator-error.ts';
import type { Stage } from './stage.ts';

/**
 * Behaves as many clients would, then proves from the database that nothing was doubled or lost, and prints what was found.
 * @returns the exit code: 0 only if all is as it should be
 */
export async function simulate(options: SimulationOptions, environment: Environment): Promise<0 | 1> {
  const loadEnd = new AbortController();
  const release = onInterrupt(() => loadEnd.abort());
  const { target } = options;
  try {
    const isGood =
      target === undefined
        ? await simulateAlone(options, environment, loadEnd)
        : await judgedWell(options, loadEnd, async () => useRunningStage(target, environment));
    return isGood ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SimulatorError || error instanceof ConfigError || error instanceof EmbeddedError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    release();
  }
}

/** On a stage of its own, whose data are removed in the end. */
async function simulateAlone(
  options: SimulationOptions,
  environment: Environment,
  loadEnd: AbortController,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'order-service-simulation-'));
  const logFolder = join(folder, 'logs');
  await mkdir(logFolder);
  let isGood = false;
  try {
    isGood = await judgedWell(options, loadEnd, (say, stack) =>
      buildOwnStage({ options, environment, folder, logFolder, say, stack }),
    );
    return isGood;
  } finally {
    await tidy(folder, logFolder, isGood);
  }
}

async function judgedWell(
  options: SimulationOptions,
  loadEnd: AbortController,
  buildStage: (say: (what: string) => void, stack: AsyncDisposableStack) => Promise<Stage>,
): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const beganAtMs = performance.now();
  const judgement = await play({ options, buildStage: (say) => buildStage(say, stack), stack, loadEnd });
  const tookSeconds = (performance.now() - beganAtMs) / 1_000;
  process.stdout.write(`${renderReport({ ...judgement, options, tookSeconds })}\n`);
  return judgement.violations.length === 0;
}

/** The first Ctrl-C ends the load, and the rest goes on; the second ends everything at once. */
function onInterrupt(end: () => void): () => void {
  let isEnding = false;
  const onSignal = () => {
    if (isEnding) {
      process.exit(1);
    }
    isEnding = true;
    end();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

/** Removes everything, but for the logs of a simulation that has found something, or failed. */
async function tidy(folder: string, logFolder: string, isGood: boolean): Promise<void> {
  const names = await readdir(logFolder).catch(() => []);
  if (isGood || names.length === 0) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (path !== logFolder) {
      await rm(path, { recursive: true, force: true });
    }
  }
  process.stderr.write(`The logs are kept in ${logFolder}: ${names.join(', ')}\n`);
}
