import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedError } from './embedded-error.ts';
import { type StopStep, sendSignal } from './running-process.ts';

export interface ServerProcessOptions {
  /** How messages call the server, for instance `PostgreSQL`. */
  readonly title: string;
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly account?: { readonly userId: number; readonly groupId: number } | undefined;
  readonly logFile: string;
  /** Gets the process id at once, if the server's own way to write it down takes a while. */
  readonly pidFile?: string;
  readonly stopSteps: readonly StopStep[];
}

export interface ServerProcess {
  readonly processId: number;
  /** Resolves with a sentence when the process has ended, for whatever reason. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  isStopping(): boolean;
  /** What this run has written to the log: the last lines. */
  readLogTail(): Promise<string>;
  /** Ends the process in order, by force after a bounded wait. Repeated calls share one stop. */
  stop(): Promise<void>;
}

const logBytesMax = 10 * 1024 * 1024;
const logTailBytes = 4096;
const logTailLines = 15;

/**
 * Starts a server of ours in a session of its own, so that Ctrl-C in the terminal reaches only us, and we can stop the
 * servers in order. It writes to a file and not to a pipe, so that it outlives us unharmed if we are killed.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const log = await openLog(options.logFile);
  const logStart = (await log.stat()).size;
  let child: ChildProcess;
  try {
    child = spawn(options.program, options.programArguments, {
      cwd: options.folder,
      env: options.environment,
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      ...(options.account && { uid: options.account.userId, gid: options.account.groupId }),
    });
    if (options.pidFile !== undefined && child.pid !== undefined) writeFileSync(options.pidFile, `${child.pid}\n`);
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  return followChild(child, options, logStart);
}

/** Calls back once if the server ends although nobody asked it to. */
export function reportUnexpectedEnd(server: ServerProcess, report: ((reason: Error) => void) | undefined): void {
  void server.ended.then(async (how) => {
    if (server.isStopping() || report === undefined) return;
    const logTail = await server.readLogTail().catch(String);
    report(new Error(`${how}, unexpectedly. Its log ends with:\n${logTail}`));
  });
}

function followChild(child: ChildProcess, options: ServerProcessOptions, logStart: number): ServerProcess {
  const { pid: processId } = child;
  if (processId === undefined) throw new Error(`${options.title} was spawned without a process id`);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  // An exit of ours that goes past stop() should not leave the server behind.
  const endWithUs = () => {
    const [first] = options.stopSteps;
    if (first) sendSignal(processId, first.signal);
  };
  process.once('exit', endWithUs);
  const ended = once(child, 'exit').then(() => {
    process.off('exit', endWithUs);
    const how = child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
    return `${options.title} (process ${processId}) ended with ${how}`;
  });
  child.unref();
  let stopping: Promise<void> | undefined;
  return {
    processId,
    ended,
    hasEnded,
    isStopping: () => stopping !== undefined,
    readLogTail: () => readLogTail(options.logFile, logStart),
    stop: () => {
      stopping ??= stopChild(processId, ended, hasEnded, options);
      return stopping;
    },
  };
}

async function stopChild(
  processId: number,
  ended: Promise<string>,
  hasEnded: () => boolean,
  { title, stopSteps }: ServerProcessOptions,
): Promise<void> {
  for (const { signal, waitMs } of stopSteps) {
    if (hasEnded()) return;
    sendSignal(processId, signal);
    const timer = new AbortController();
    await Promise.race([ended, delay(waitMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }
  if (!hasEnded()) {
    const signals = stopSteps.map(({ signal }) => signal).join(', ');
    throw new EmbeddedError('STOP_FAILED', `${title} (process ${processId}) is still running after ${signals}.`);
  }
}

async function openLog(logFile: string): Promise<FileHandle> {
  const sizeBytes = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  if (sizeBytes > logBytesMax) await rename(logFile, `${logFile}.old`);
  return open(logFile, 'a', 0o600);
}

async function readLogTail(logFile: string, logStart: number): Promise<string> {
  const log = await open(logFile, 'r');
  try {
    const { size } = await log.stat();
    const start = Math.max(logStart, size - logTailBytes);
    const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.max(0, size - start)), { position: start });
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-logTailLines).join('\n');
  } finally {
    await log.close();
  }
}
