import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from '../../support/node-environment.ts';

/** The program as a user runs it, in a process of its own. */
export interface MainProcess {
  readonly processId: number;
  /** All that it has printed so far. */
  output(): string;
  /** Waits until it has printed what matches; rejects if it ends without. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
}

export interface MainOptions {
  readonly command: 'start' | 'serve';
  /** The working directory. */
  readonly folder: string;
  /** The whole environment but for the PATH, which may be replaced. */
  readonly environment: Readonly<Record<string, string>>;
}

const script = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const patienceMs = 60_000;

export function startMain({ command, folder, environment }: MainOptions): MainProcess {
  const child = spawn(process.execPath, [script, command], {
    cwd: folder,
    env: { ...nodeEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  let hasEnded = false;
  const exited = once(child, 'close').then(([code]: unknown[]) => {
    hasEnded = true;
    return typeof code === 'number' ? code : null;
  });
  const prints = async (pattern: RegExp) => {
    const tooLate = AbortSignal.timeout(patienceMs);
    for (;;) {
      const match = pattern.exec(output);
      if (match !== null) return match;
      if (hasEnded || tooLate.aborted) throw new Error(`${command} has not printed ${pattern}, but:\n${output}`);
      const news = new AbortController();
      const signal = AbortSignal.any([news.signal, tooLate]);
      const events = [child.stdout, child.stderr].map((stream) => once(stream, 'data', { signal }));
      await Promise.race([...events, exited]).catch(() => {});
      news.abort();
    }
  };
  return {
    processId: child.pid ?? 0,
    output: () => output,
    prints,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}
