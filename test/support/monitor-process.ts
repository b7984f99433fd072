import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../../src/embedded/poll.ts';
import { findFreePort, loopback } from '../../src/embedded/port.ts';
import { readCommandLine, type StopStep, stopRunningProcess } from '../../src/embedded/running-process.ts';
import { startServerProcess } from '../../src/embedded/server-process.ts';
import { createTestFolder } from './run-folder.ts';

/** Prometheus or Alertmanager, on the loopback interface, with its data in a folder of its own. */
export interface MonitorProcess extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Reads an answer of its API. */
  read(path: string): Promise<unknown>;
}

export interface MonitorOptions {
  /** For messages and folders. */
  readonly title: 'prometheus' | 'alertmanager';
  readonly program: string;
  /** @returns what it is started with, besides its address */
  readonly argumentsIn: (folder: string) => Promise<readonly string[]>;
}

const START_LIMIT_MS = 30_000;
const stopSteps: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Has the process id while it runs, so that one that was left behind is found. */
export const monitorPidFile = 'monitor.pid';

export async function startMonitor({ title, program, argumentsIn }: MonitorOptions): Promise<MonitorProcess> {
  const folder = await createTestFolder(title);
  const address = `${loopback}:${await findFreePort()}`;
  const server = await startServerProcess({
    title,
    program,
    programArguments: [...(await argumentsIn(folder)), `--web.listen-address=${address}`],
    environment: process.env,
    folder,
    logFile: join(folder, 'monitor.log'),
    pidFile: join(folder, monitorPidFile),
    stopSteps,
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const isReady = await poll(
    async () => {
      if (server.hasEnded()) return false;
      const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    },
    { timeoutMs: START_LIMIT_MS },
  );
  if (isReady !== true) {
    const log = await server.readLogTail();
    await stop();
    throw new Error(`${title} did not start. Its log ends with:\n${log}`);
  }
  return {
    address,
    read: async (path) => {
      const answer = await fetch(`http://${address}${path}`);
      if (!answer.ok) throw new Error(`${title} answers ${path} with ${answer.status}: ${await answer.text()}`);
      return await answer.json();
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Stops one that still runs on a folder of a test. */
export async function stopLeftMonitor(folder: string, log: (message: string) => void): Promise<void> {
  const processId = Number(await readFile(join(folder, monitorPidFile), 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(processId) || processId <= 0) return;
  // The number may belong to another program by now.
  if ((await readCommandLine(processId))?.includes(folder) !== true) return;
  log(`Stopping what watches (process ${processId}), which a test left behind`);
  await stopRunningProcess(processId, stopSteps);
}
