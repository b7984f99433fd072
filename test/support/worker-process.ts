import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from './node-environment.ts';
import { type Stores, testEnvironment } from './test-config.ts';
import { withinLimit } from './within-limit.ts';

/** For what has to be said soon, also on a busy machine. */
const LIMIT_MS = 30_000;

/** `order-service worker` in a process of its own, to be killed, frozen and stopped by signals. */
export interface WorkerProcess extends AsyncDisposable {
  readonly processId: number;
  /** The lines of its log so far. */
  readonly log: readonly string[];
  /** Resolves when the log has a line with this text. */
  said(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
}

export interface WorkerProcessOptions extends Stores {
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a worker and returns when it takes orders. */
export async function startWorkerProcess({ settings = {}, ...stores }: WorkerProcessOptions): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment(stores, settings) };
  const child = spawn(process.execPath, [script, 'worker'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const log: string[] = [];
  const listeners = new Set<() => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      log.push(line);
      for (const listener of listeners) listener();
    });
  }
  const said = (text: string) => {
    const line = new Promise<void>((resolve) => {
      const listener = () => {
        if (!log.some((each) => each.includes(text))) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
      listener();
    });
    return withinLimit(`the worker says “${text}”`, line, LIMIT_MS);
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const endedEarly = exited.then(() => Promise.reject(new Error(`the worker ended:\n${log.join('\n')}`)));
  endedEarly.catch(() => {});
  await Promise.race([said('processing orders'), endedEarly]);
  return {
    processId: child.pid ?? 0,
    log,
    said,
    signal: (signal) => void child.kill(signal),
    kill,
    exited,
    [Symbol.asyncDispose]: kill,
  };
}
