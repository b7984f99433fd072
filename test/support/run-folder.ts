import { access, constants, mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts the name of every run's folder; the process id of the run follows. */
export const runFolderPrefix = 'order-service-test-';

/** What the global set-up tells the test files. It travels in the environment, which Jest hands to its workers. */
const variables = { folder: 'TEST_RUN_FOLDER', postgresUrl: 'TEST_POSTGRES_URL' } as const;

export function publishRunValue(name: keyof typeof variables, value: string): void {
  process.env[variables[name]] = value;
}

export function readRunValue(name: keyof typeof variables): string {
  const value = process.env[variables[name]];
  if (value !== undefined) return value;
  throw new Error(`${variables[name]} is not set: this test belongs to Jest's project "integration", which sets it`);
}

const MEMORY_FOLDER = '/dev/shm';
const MEMORY_BYTES_MIN = 2 * 1_024 ** 3;

/** Where runs have their folders: in memory where there is enough, for hundreds of databases are written that nobody needs for long. */
export async function parentOfRunFolders(): Promise<string> {
  try {
    await access(MEMORY_FOLDER, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return bavail * bsize >= MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
  } catch {
    // Linux alone has it.
    return tmpdir();
  }
}

/** The one folder that everything of a test run lies in; the global tear-down removes it. */
export async function createRunFolder(): Promise<string> {
  const folder = await mkdtemp(join(await parentOfRunFolders(), `${runFolderPrefix}${process.pid}-`));
  publishRunValue('folder', folder);
  return folder;
}

/** A fresh folder within it, for one server or one test. */
export function createTestFolder(name: string): Promise<string> {
  return mkdtemp(join(readRunValue('folder'), `${name}-`));
}

/** The data folder that every cluster of the run is a copy of: initdb takes longer than all the rest of a start. */
export function templateFolder(): string {
  return join(readRunValue('folder'), 'template');
}
