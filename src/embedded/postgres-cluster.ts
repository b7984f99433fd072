import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedError, systemErrorCode } from './embedded-error.ts';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { postgresEnvironment } from './postgres-environment.ts';
import { runProgram } from './run-program.ts';

/**
 * The role that the service logs in with. Its password may be well known, because the role has no rights beyond its own
 * databases; the superuser, who could run programs on this machine, cannot log in at all.
 */
export const applicationRole = { name: 'orders', password: 'orders' } as const;

const clientAuthentication = `# Written once, when the data folder was made.
host all ${applicationRole.name} 127.0.0.1/32 scram-sha-256
`;
const roleStatement = `CREATE ROLE ${applicationRole.name} LOGIN CREATEDB PASSWORD '${applicationRole.password}';\n`;
const markerName = 'created-by-order-service';
const timeoutMs = 120_000;

/** What `-D` is told, and the folder that the program is started in. */
export function dataFolderArgument(folder: string, account: PostgresAccount | undefined): string {
  // Another account may be unable to walk to a folder below, say, /root. We enter it before we change the user, and
  // from there this link leads to it, whatever lies above.
  return account && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

/**
 * Makes a cluster in a temporary folder beside `folder` and renames that when everything is in it: what stands under
 * the final name is complete. Leftovers of a start that was killed in between are removed.
 */
export async function createCluster(
  folder: string,
  binaries: PostgresBinaries,
  account: PostgresAccount | undefined,
  { isDurable }: { isDurable: boolean },
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeLeftovers(folder);
  const workshop = join(dirname(folder), `${leftoverPrefix(folder)}${randomUUID()}`);
  const cluster = join(workshop, 'cluster');
  await mkdir(workshop);
  await writeFile(join(workshop, markerName), 'An unfinished data folder; the next start removes it.\n');
  await mkdir(cluster, { mode: 0o700 });
  if (account) await chown(cluster, account.userId, account.groupId);

  const dataFolder = dataFolderArgument(cluster, account);
  const run = { folder: cluster, account, environment: postgresEnvironment, timeoutMs };
  const initdbArguments = ['-D', dataFolder, '--username=postgres', '--auth=reject', '--encoding=UTF8'];
  // The builtin locale needs nothing from the machine and sorts alike on all of them.
  initdbArguments.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  if (!isDurable) initdbArguments.push('--no-sync');
  await succeed('initdb', runProgram({ ...run, program: binaries.initdb, programArguments: initdbArguments }));
  await writeFile(join(cluster, 'pg_hba.conf'), clientAuthentication);
  // In single-user mode the role needs no login of the superuser, hence no password file.
  const singleUser = { ...run, program: binaries.postgres, input: roleStatement };
  const singleUserArguments = ['--single', ...(isDurable ? [] : ['-F']), '-j', '-D', dataFolder, 'postgres'];
  await succeed('creating the role', runProgram({ ...singleUser, programArguments: singleUserArguments }));

  await rename(cluster, folder);
  await syncFolder(dirname(folder));
  await rm(workshop, { recursive: true });
}

/** Tells whether there is a cluster; what is there and is not a usable one is refused and left as it is. */
export async function inspectCluster(folder: string, majorVersion: number): Promise<'absent' | 'present'> {
  const names = await listFolder(folder);
  if (names.length === 0) return 'absent';
  const refuse = (code: 'INCOMPLETE_DATA_FOLDER' | 'OTHER_POSTGRES_VERSION', reason: string) =>
    new EmbeddedError(
      code,
      `The folder ${folder} ${reason}. Nothing was changed. Move the folder away and start again for an empty ` +
        'database in its place.',
    );
  if (!names.includes('PG_VERSION')) {
    throw refuse('INCOMPLETE_DATA_FOLDER', 'is not a PostgreSQL data folder: it has no file PG_VERSION');
  }
  const version = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  if (version !== String(majorVersion)) {
    const reason = `holds data of PostgreSQL ${version}, and this program brings PostgreSQL ${majorVersion}. To keep `;
    throw refuse('OTHER_POSTGRES_VERSION', `${reason}the data, dump them with PostgreSQL ${version} first`);
  }
  const hasControlFile = (await listFolder(join(folder, 'global'))).includes('pg_control');
  for (const needed of ['base', 'pg_wal', 'postgresql.conf', 'pg_hba.conf']) {
    if (hasControlFile && names.includes(needed)) continue;
    const missing = hasControlFile ? needed : 'global/pg_control';
    throw refuse('INCOMPLETE_DATA_FOLDER', `is an incomplete PostgreSQL data folder: it has no ${missing}`);
  }
  return 'present';
}

async function succeed(step: string, run: ReturnType<typeof runProgram>): Promise<void> {
  const { isSuccess, output } = await run;
  if (!isSuccess) throw new EmbeddedError('START_FAILED', `PostgreSQL's data folder: ${step} failed:\n${output}`);
}

function leftoverPrefix(folder: string): string {
  return `${basename(folder)}.unfinished-`;
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await listFolder(dirname(folder))) {
    const leftover = join(dirname(folder), name);
    if (!name.startsWith(leftoverPrefix(folder))) continue;
    const content = await listFolder(leftover);
    // Without our marker it is somebody else's. initdb may outlive a killed start for a moment and still write there.
    const isOurs = content.length === 0 || content.includes(markerName);
    if (isOurs) await rm(leftover, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** So that the new name, too, survives a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
