import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from '../../src/embedded/running-process.ts';
import { stopLeftProcesses } from './left-processes.ts';
import { parentOfRunFolders, runFolderPrefix } from './run-folder.ts';

/** Clears away what test runs left behind that were killed before their tear-down. */
export async function removeDeadRuns(): Promise<void> {
  const parent = await parentOfRunFolders();
  for (const name of await readdir(parent)) {
    const [, processId] = new RegExp(`^${runFolderPrefix}(\\d+)-`).exec(name) ?? [];
    if (processId === undefined) continue;
    const commandLine = await readCommandLine(Number(processId));
    if (commandLine?.includes('jest')) continue;
    const folder = join(parent, name);
    // Another user's leftovers are that user's to remove.
    await stopLeftProcesses(folder)
      .then(() => rm(folder, { recursive: true, force: true }))
      .catch(() => undefined);
  }
}
