import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '@grpc/grpc-js';
import type { PausePoint } from '../../src/idempotency/index.ts';
import { nodeEnvironment } from './node-environment.ts';
import { type Stores, testEnvironment } from './test-config.ts';
import { createClient } from './unary-call.ts';

/** The order service in a process of its own, to be killed, frozen and stopped by signals. */
export interface ServiceProcess extends AsyncDisposable {
  readonly port: number;
  readonly client: Client;
  readonly processId: number;
  /** The lines of its log so far. */
  readonly log: readonly string[];
  /** Resolves when so many calls, one unless told otherwise, wait at the pause point. Rejects, with the log, if they do not come to it. */
  paused(calls?: number): Promise<void>;
  /** Lets the process go on from its pause point. */
  resume(): void;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
}

export interface ServiceProcessOptions extends Stores {
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the process is to wait, the first time that it gets there. */
  readonly pauseAt?: PausePoint;
  /** Whether each call waits there, and not only the first; they wait for ever. */
  readonly pauseEach?: boolean;
}

/** For what has to come soon, also on a busy machine. */
const LIMIT_MS = 30_000;

export async function startServiceProcess({
  settings = {},
  pauseAt,
  pauseEach = false,
  ...stores
}: ServiceProcessOptions): Promise<ServiceProcess> {
  const script = fileURLToPath(new URL('./pausable-service.ts', import.meta.url));
  const env = {
    ...nodeEnvironment(),
    ...testEnvironment(stores, settings),
    ...(pauseAt && { PAUSE_AT: pauseAt }),
    ...(pauseEach && { PAUSE_EACH: 'true' }),
  };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const log: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) {
      createInterface({ input }).on('line', (line) => log.push(line));
    }
  }
  const messages = collectMessages(child);
  const port = await withinLimit('ready', messages.port, exited, log);
  const client = createClient(port);
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
    client.close();
  };
  return {
    port,
    client,
    processId: child.pid ?? 0,
    log,
    paused: (calls = 1) => withinLimit(`paused by ${calls} calls`, messages.paused(calls), exited, log),
    resume: () => void child.send('resume'),
    signal: (signal) => void child.kill(signal),
    kill,
    exited,
    [Symbol.asyncDispose]: kill,
  };
}

function collectMessages(child: ChildProcess) {
  const port = Promise.withResolvers<number>();
  const listeners = new Set<() => void>();
  let pausedNow = 0;
  child.on('message', (message) => {
    if (typeof message === 'number') {
      port.resolve(message);
    } else if (message === 'paused') {
      pausedNow += 1;
      for (const listener of listeners) listener();
    }
  });
  const paused = (calls: number) =>
    new Promise<void>((resolve) => {
      const listener = () => {
        if (pausedNow >= calls) resolve();
      };
      listeners.add(listener);
      listener();
    });
  return { port: port.promise, paused };
}

async function withinLimit<T>(
  state: string,
  event: Promise<T>,
  exited: Promise<unknown>,
  log: readonly string[],
): Promise<T> {
  const failure = Promise.withResolvers<never>();
  const fail = (why: string) => failure.reject(new Error(`the service process ${why}:\n${log.join('\n')}`));
  const timer = setTimeout(() => fail(`was not ${state} within ${LIMIT_MS} ms`), LIMIT_MS);
  void exited.then(() => fail(`ended before it was ${state}`));
  failure.promise.catch(() => {});
  try {
    return await Promise.race([event, failure.promise]);
  } finally {
    clearTimeout(timer);
  }
}
