import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Copies a data folder with its owner, which Node's own copy does not keep and PostgreSQL insists on. */
export async function copyDataFolder(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}
