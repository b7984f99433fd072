import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
  const processFile = join(path, 'process-id');
  let lock: DatabaseSync | undefined;
  try {
    await mkdir(path, { recursive: true });
    lock = new DatabaseSync(join(path, 'lock.sqlite'), { timeout: 0 });
    // Nothing is ever written, so no journal file is needed either.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    await writeFile(processFile, `${process.pid}\n`);
  } catch (error) {
    lock?.close();
    throw isBusy(error) ? await alreadyRunning(path, processFile, error) : unusable(path, error);
  }
  return { path, release: () => release(lock, processFile) };
}

async function release(lock: DatabaseSync, processFile: string): Promise<void> {
  if (!lock.isOpen) return;
  // In this order: the file of the next holder must not be removed.
  rmSync(processFile, { force: true });
  lock.close();
}

async function alreadyRunning(path: string, processFile: string, cause: unknown): Promise<EmbeddedError> {
  const processId = (await readFile(processFile, 'utf8').catch(() => '')).trim() || 'unknown';
  const message = `Already running as process ${processId}, with the data in ${path}. Stop that process first.`;
  return new EmbeddedError('ALREADY_RUNNING', `${message} Nothing was changed.`, { cause });
}

function unusable(path: string, cause: unknown): EmbeddedError {
  return new EmbeddedError(
    'NO_ACCESS',
    `The data folder ${path} cannot be used: ${String(cause)}. If it belongs to another user, perhaps because an ` +
      'earlier start ran as root, start as that user, or move the folder away.',
    { cause },
  );
}

/** SQLITE_BUSY, with whatever extension in its higher bits. */
function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === 5;
}
