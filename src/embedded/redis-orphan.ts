import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import { readCommandLine, type StopStep, stopRunningProcess } from './running-process.ts';

/** SIGTERM lets Redis write what is still in memory. */
export const redisStopSteps: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Redis writes its process id here, and the path stands in its command line: that is how an orphan is recognised. */
export function redisPidFile(folder: string): string {
  return join(folder, 'redis.pid');
}

/**
 * Stops the server that an earlier start left running on this folder because it was killed.
 *
 * @returns whether there was an orphan.
 */
export async function stopOrphanedRedis(folder: string, log: (message: string) => void): Promise<boolean> {
  const pidFile = redisPidFile(folder);
  const processId = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(processId) || processId <= 0) return false;
  // The number may belong to another program by now.
  const isOurs = (await readCommandLine(processId))?.includes(`--pidfile ${pidFile}`) ?? false;
  if (isOurs) {
    log(`Stopping Redis (process ${processId}), which an earlier start left behind`);
    if (!(await stopRunningProcess(processId, redisStopSteps))) {
      throw new EmbeddedError('STOP_FAILED', `Redis (process ${processId}) on ${folder} could not be stopped.`);
    }
  }
  await rm(pidFile, { force: true });
  return isOurs;
}
