import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EmbeddedError } from './embedded-error.ts';

/** The folder that all embedded data lie in, held by this process alone. */
export interface DataFolder {
  readonly path: string;
  /** May be repeated. */
  release(): Promise<void>;
}

/**
 * Takes the folder for this process, or rejects with `ALREADY_RUNNING` and touches nothing in it.
 *
 * The claim is a lock of the operating system, which ends with the process however that dies: there is no stale lock to
 * recognise, and a process number that was given away again cannot mislead anybody. Node has no call for such a lock;
 * an open transaction of SQLite, which it brings along, holds one. The number in the file beside it is for messages.
 */
export async function lockDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true });
  const processFile = join(path, 'process-id');
  const lock = openLock(join(path, 'lock.sqlite'));
  try {
    // Nothing is ever written, so no journal file is needed either.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    const processId = (await readFile(processFile, 'utf8').catch(() => '')).trim() || 'unknown';
    throw new EmbeddedError(
      'ALREADY_RUNNING',
      `Already running as process ${processId}, with the data in ${path}. Stop that process first. Nothing was changed.`,
      { cause: error },
    );
  }
  await writeFile(processFile, `${process.pid}\n`);
  return {
    path,
    release: async () => {
      if (!lock.isOpen) return;
      await rm(processFile, { force: true });
      lock.close();
    },
  };
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    const folderHint = 'Start as the user that it belongs to, or move its folder away.';
    throw new EmbeddedError('FOLDER_IN_USE', `The lock ${file} cannot be opened. ${folderHint}`, { cause: error });
  }
}

/** SQLITE_BUSY, with whatever extension in its higher bits. */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === 5;
}
