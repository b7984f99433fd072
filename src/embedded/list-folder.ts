import { readdir } from 'node:fs/promises';
import { systemErrorCode } from './embedded-error.ts';

/** The names in a folder; none if there is no such folder. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
