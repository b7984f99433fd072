import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import { judgeCommandLine, postgresStopSteps } from './postgres-identity.ts';
import { readCommandLine, stopRunningProcess } from './running-process.ts';

/**
 * Stops the server that an earlier start left running on this data folder because it was killed, and clears away a
 * lock file whose number another program has got since: PostgreSQL would take that program for a server.
 *
 * @returns whether there was an orphan.
 */
export async function stopOrphanedPostgres(folder: string, log: (message: string) => void): Promise<boolean> {
  const lockFile = join(folder, 'postmaster.pid');
  const [firstLine = ''] = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  const processId = Number(firstLine);
  if (!Number.isSafeInteger(processId) || processId <= 0) return false;
  const commandLine = await readCommandLine(processId);
  if (commandLine === undefined) return false;
  switch (judgeCommandLine(commandLine, folder)) {
    case 'ours':
      log(`Stopping PostgreSQL (process ${processId}), which an earlier start left behind`);
      if (await stopRunningProcess(processId, postgresStopSteps)) return true;
      throw new EmbeddedError('STOP_FAILED', `PostgreSQL (process ${processId}) on ${folder} could not be stopped.`);
    case 'another server':
      throw new EmbeddedError(
        'FOLDER_IN_USE',
        `The data folder ${folder} is in use by process ${processId}, which was not started by this program ` +
          `(${commandLine}). Stop that process first. Nothing was changed.`,
      );
    case 'no server':
      await rm(lockFile, { force: true });
      return false;
  }
}
