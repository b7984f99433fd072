import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from '../../support/node-environment.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** What the simulator has printed, and how it ended. */
export interface SimulatorRun {
  readonly output: string;
  readonly exitCode: number | null;
}

export interface RunningSimulator extends AsyncDisposable {
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<SimulatorRun>;
}

/** Runs the simulator as a user does, without a terminal. */
export function runSimulator(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningSimulator {
  const child = spawn(process.execPath, [main, 'simulate', ...words], {
    env: { ...nodeEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]: unknown[]) => ({
    output,
    exitCode: typeof code === 'number' ? code : null,
  }));
  return {
    signal: (signal) => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      // Twice: it does not linger then, and takes along what it has started.
      child.kill('SIGINT');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The value in the second column of a table's row. */
export function rowOf({ output }: SimulatorRun, title: string): string {
  const row = output.split('\n').find((line) => line.startsWith(`│ ${title} `));
  return row?.split('│')[2]?.trim() ?? `there is no row ${title} in:\n${output}`;
}
