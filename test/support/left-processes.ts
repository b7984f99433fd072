import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stopOrphanedPostgres } from '../../src/embedded/postgres-orphan.ts';
import { stopOrphanedRedis } from '../../src/embedded/redis-orphan.ts';
import { monitorPidFile, stopLeftMonitor } from './monitor-process.ts';

/** Stops every server that still runs on a data folder below `folder`, and tells which these were. */
export async function stopLeftProcesses(folder: string): Promise<string[]> {
  const stopped: string[] = [];
  const log = (message: string) => stopped.push(message);
  for (const entry of await readdir(folder, { recursive: true })) {
    const dataFolder = dirname(join(folder, entry));
    if (entry.endsWith('postmaster.pid')) await stopOrphanedPostgres(dataFolder, log);
    if (entry.endsWith('redis.pid')) await stopOrphanedRedis(dataFolder, log);
    if (entry.endsWith(monitorPidFile)) await stopLeftMonitor(dataFolder, log);
  }
  return stopped;
}
