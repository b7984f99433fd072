import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedError } from './embedded-error.ts';
import { poll } from './poll.ts';
import { findFreePort, loopback } from './port.ts';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { dataFolderArgument, postgresEnvironment } from './postgres-environment.ts';
import { clusterNameOf, postgresStopSteps } from './postgres-identity.ts';
import { stopOrphanedPostgres } from './postgres-orphan.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export interface PostgresLaunch {
  readonly folder: string;
  readonly port: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount | undefined;
  readonly timeoutMs: number;
  readonly log: (message: string) => void;
}

// Sessions outlive a killed server for a moment; a server that was orphaned while it started gets its lock file only
// then; and a free port may be taken before the server listens on it.
const passingFaults =
  /pre-existing shared memory|lock file "postmaster.pid" already exists|could not create any TCP\/IP sockets/;
const pauseMs = 200;

/** Starts the server on a complete data folder and waits until it is ready; again where only the moment was wrong. */
export async function launchPostgres(launch: PostgresLaunch): Promise<{ server: ServerProcess; port: number }> {
  const deadlineMs = performance.now() + launch.timeoutMs;
  for (;;) {
    const port = launch.port ?? (await findFreePort());
    const server = await spawnPostgres(launch, port);
    if (await becomesReady(server, launch.folder, deadlineMs - performance.now())) return { server, port };
    const hasEnded = server.hasEnded();
    await server.stop();
    const logTail = await server.readLogTail();
    const isWorthAnotherTry = hasEnded && passingFaults.test(logTail) && performance.now() < deadlineMs;
    if (!isWorthAnotherTry) throw startFailed(launch.folder, hasEnded, logTail);
    await delay(pauseMs);
    await stopOrphanedPostgres(launch.folder, launch.log);
  }
}

function spawnPostgres({ folder, settings, binaries, account }: PostgresLaunch, port: number): Promise<ServerProcess> {
  const allSettings: Record<string, string> = {
    ...settings,
    listen_addresses: loopback,
    port: String(port),
    // A socket file would need a folder that is reachable and ours, and nobody uses it.
    unix_socket_directories: '',
    cluster_name: clusterNameOf(folder),
  };
  return startServerProcess({
    title: 'PostgreSQL',
    program: binaries.postgres,
    programArguments: [
      '-D',
      dataFolderArgument(folder, account),
      ...Object.entries(allSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    environment: postgresEnvironment,
    folder,
    account,
    logFile: `${folder}.log`,
    stopSteps: postgresStopSteps,
  });
}

/** The server's lock file names its process in the first line and its state in the eighth. */
async function becomesReady(server: ServerProcess, folder: string, timeoutMs: number): Promise<boolean> {
  const probe = async () => {
    if (server.hasEnded()) return false;
    const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return lines[0] === String(server.processId) && lines[7]?.trim() === 'ready' ? true : undefined;
  };
  return (await poll(probe, { timeoutMs })) ?? false;
}

function startFailed(folder: string, hasEnded: boolean, logTail: string): EmbeddedError {
  const what = hasEnded ? 'did not start' : 'did not become ready in time';
  return new EmbeddedError('START_FAILED', `PostgreSQL on ${folder} ${what}. Its log ends with:\n${logTail}`);
}
