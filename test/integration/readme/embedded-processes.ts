import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from '../../../src/embedded/running-process.ts';

/** Which of the servers that `start` brings along are running: their processes, by the files that name them. */
export async function embeddedProcesses(folder: string): Promise<readonly number[]> {
  const files = ['postgres/postmaster.pid', 'redis/redis.pid'].map((name) => join(folder, '.data', name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.filter((text) => text !== '').map((text) => Number.parseInt(text, 10));
}

export async function runningOf(processIds: readonly number[]): Promise<readonly number[]> {
  const commandLines = await Promise.all(processIds.map(readCommandLine));
  return processIds.filter((_, index) => commandLines[index] !== undefined);
}
