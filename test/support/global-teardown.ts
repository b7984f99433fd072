import { rm } from 'node:fs/promises';
import { stopLeftProcesses } from './left-processes.ts';
import { readRunValue } from './run-folder.ts';

/** Stops what the set-up started. A server that a test left running is stopped, too, but fails the run. */
export default async function tearDown(): Promise<void> {
  await globalThis.stopSharedPostgres?.();
  const folder = readRunValue('folder');
  const left = await stopLeftProcesses(folder);
  await rm(folder, { recursive: true, force: true });
  if (left.length > 0)
    throw new Error(`Tests left servers running; they must stop what they start:\n${left.join('\n')}`);
}
