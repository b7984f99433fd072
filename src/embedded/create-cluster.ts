import { chown, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { dataFolderArgument, postgresEnvironment } from './postgres-environment.ts';
import { clientAuthentication, roleStatement } from './postgres-role.ts';
import { type ProgramRun, runProgram } from './run-program.ts';
import { makeWorkshop } from './unfinished-cluster.ts';

export interface NewCluster {
  readonly folder: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount | undefined;
  /** False: nothing is forced to the disk, for data that need not survive the machine. */
  readonly isDurable: boolean;
}

const timeoutMs = 120_000;

/** Makes a cluster beside `folder` and renames it when it is complete: what has the final name was finished once. */
export async function createCluster({ folder, binaries, account, isDurable }: NewCluster): Promise<void> {
  const workshop = await makeWorkshop(folder);
  try {
    const cluster = join(workshop, 'cluster');
    await mkdir(cluster, { mode: 0o700 });
    if (account) await chown(cluster, account.userId, account.groupId);
    const dataFolder = dataFolderArgument(cluster, account);
    const run = { folder: cluster, account, environment: postgresEnvironment, timeoutMs };
    const sync = isDurable ? [] : ['--no-sync'];
    await succeed({ ...run, program: binaries.initdb, programArguments: [...initdbArguments(dataFolder), ...sync] });
    await writeFile(join(cluster, 'pg_hba.conf'), clientAuthentication);
    const singleUser = ['--single', '-D', dataFolder, 'postgres'];
    await succeed({ ...run, program: binaries.postgres, programArguments: singleUser, input: roleStatement });
    await rename(cluster, folder);
    if (isDurable) await syncFolder(dirname(folder));
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

function initdbArguments(dataFolder: string): string[] {
  return [
    '-D',
    dataFolder,
    '--username=postgres',
    '--auth=reject',
    '--encoding=UTF8',
    // The builtin locale needs nothing from the machine and sorts alike on all of them.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
}

async function succeed(run: ProgramRun): Promise<void> {
  const { isSuccess, output } = await runProgram(run);
  if (isSuccess) return;
  throw new EmbeddedError('START_FAILED', `The PostgreSQL data folder could not be made by ${run.program}:\n${output}`);
}

/** So that the new name, too, survives a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
