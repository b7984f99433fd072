import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedError, type EmbeddedErrorCode } from './embedded-error.ts';
import { listFolder } from './list-folder.ts';

const neededNames = ['base', 'pg_wal', 'postgresql.conf', 'pg_hba.conf'] as const;

/** Tells whether there is a cluster; what is there and is not a usable one is refused and left as it is. */
export async function inspectCluster(folder: string, majorVersion: number): Promise<'absent' | 'present'> {
  const names = await listFolder(folder);
  if (names.length === 0) return 'absent';
  if (!names.includes('PG_VERSION')) {
    throw refusal('INCOMPLETE_DATA_FOLDER', folder, 'is not a PostgreSQL data folder: it has no file PG_VERSION');
  }
  const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  if (version !== String(majorVersion)) {
    const found = `holds data of PostgreSQL ${version}, and this program brings PostgreSQL ${majorVersion}`;
    const advice = `To keep the data, dump them with PostgreSQL ${version} first`;
    throw refusal('OTHER_POSTGRES_VERSION', folder, `${found}. ${advice}`);
  }
  const missing = await findMissing(folder, names);
  if (missing === undefined) return 'present';
  throw refusal('INCOMPLETE_DATA_FOLDER', folder, `is an incomplete PostgreSQL data folder: it has no ${missing}`);
}

async function findMissing(folder: string, names: readonly string[]): Promise<string | undefined> {
  const missing = neededNames.find((name) => !names.includes(name));
  if (missing !== undefined) return missing;
  return (await listFolder(join(folder, 'global'))).includes('pg_control') ? undefined : 'global/pg_control';
}

function refusal(code: EmbeddedErrorCode, folder: string, reason: string): EmbeddedError {
  const advice = 'Move the folder away and start again for an empty database in its place.';
  return new EmbeddedError(code, `The folder ${folder} ${reason}. Nothing was changed. ${advice}`);
}
