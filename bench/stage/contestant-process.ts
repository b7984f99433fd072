import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ContestantName, contestants } from '../contestants.ts';

export interface ContestantProcess extends AsyncDisposable {
  readonly port: number;
  readonly processId: number;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
}

export interface ContestantOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Nobody measures how fast a log is written. */
const commonSettings = {
  GRPC_LISTEN: '127.0.0.1:0',
  METRICS_LISTEN: '127.0.0.1:0',
  LOG_FORMAT: 'json',
  FULFILMENT_ENABLED: 'false',
};

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const LOG_LINES_TOLD = 15;

/**
 * Starts a contestant in a process of its own, which dies with this one. Resolves when it takes calls.
 * @throws if it does not within half a minute, with the end of its log
 */
export async function startContestant(name: ContestantName, options: ContestantOptions): Promise<ContestantProcess> {
  const { script, title } = contestants[name];
  const path = script === undefined ? '../../src/main.ts' : `../servers/${script}.ts`;
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(path, import.meta.url)), ...(script === undefined ? ['serve'] : [])],
    {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: options.databaseUrl,
        REDIS_URL: options.redisUrl,
        ...commonSettings,
        ...options.settings,
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit').then(() => void process.off('exit', kill));
  const log = logOf(child);
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  const failed = Promise.race([ended.then(() => 'ended'), once(limit, 'abort').then(() => 'said nothing')]);
  const started = await Promise.race([portOf(child, log), failed]);
  if (typeof started === 'string') {
    kill();
    throw new Error(`${title} ${started} where it should take calls. Its log ends with:\n${log.tail.join('\n')}`);
  }
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(kill, STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  return { port: started, processId: child.pid ?? 0, ended, [Symbol.asyncDispose]: stop };
}

interface Log {
  readonly tail: readonly string[];
  onLine: (line: string) => void;
}

function logOf({ stdout }: ChildProcess): Log {
  const tail: string[] = [];
  const log: Log = { tail, onLine: () => {} };
  if (stdout !== null) {
    createInterface({ input: stdout }).on('line', (line) => {
      tail.push(line);
      tail.splice(0, tail.length - LOG_LINES_TOLD);
      log.onLine(line);
    });
  }
  return log;
}

/** Told by a message, or by the service's log. */
function portOf(child: ChildProcess, log: Log): Promise<number> {
  return new Promise((resolve) => {
    child.on('message', (message) => resolve(Number(message)));
    log.onLine = (line) => {
      const port = /"port":(\d+),.*"taking calls"/.exec(line)?.[1];
      if (port !== undefined) {
        resolve(Number(port));
      }
    };
  });
}
