import { stat } from 'node:fs/promises';
import { EmbeddedError } from './embedded-error.ts';
import { listFolder } from './list-folder.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

/** The user that PostgreSQL runs as instead of us: it refuses to run as root. Undefined where we are not root. */
export interface PostgresAccount {
  readonly userId: number;
  readonly groupId: number;
}

const accountName = 'postgres';
const timeoutMs = 15_000;

/**
 * As an ordinary user: undefined. As root: the owner of an existing data folder, else the system's user `postgres`,
 * which is created where there is none.
 */
export async function chooseAccount(
  dataFolder: string,
  log: (message: string) => void,
): Promise<PostgresAccount | undefined> {
  const owner = await stat(dataFolder).catch(() => undefined);
  if (process.getuid?.() !== 0) {
    if (owner && owner.uid !== process.getuid?.()) throw foreignOwner(dataFolder, owner.uid);
    return undefined;
  }
  if (owner && owner.uid !== 0) return { userId: owner.uid, groupId: owner.gid };
  if (owner && (await listFolder(dataFolder)).includes('PG_VERSION')) throw rootOwner(dataFolder);
  return (await findAccount()) ?? (await createAccount(log));
}

async function findAccount(): Promise<PostgresAccount | undefined> {
  const user = await run('id', ['-u', accountName]);
  const group = await run('id', ['-g', accountName]);
  if (!user.isSuccess || !group.isSuccess) return undefined;
  return { userId: Number(user.output), groupId: Number(group.output) };
}

async function createAccount(log: (message: string) => void): Promise<PostgresAccount> {
  log(`PostgreSQL does not run as root: creating the system user "${accountName}" for it`);
  const creation = await run('useradd', ['--system', '--user-group', '--no-create-home', accountName]).catch(
    (error: unknown): ProgramResult => ({ isSuccess: false, output: String(error) }),
  );
  const account = creation.isSuccess ? await findAccount() : undefined;
  if (account) return account;
  throw new EmbeddedError(
    'NO_ACCOUNT',
    `PostgreSQL does not run as root, and the system user "${accountName}" could not be created: ${creation.output}. ` +
      'Create it, or start as an ordinary user.',
  );
}

function run(program: string, programArguments: readonly string[]): Promise<ProgramResult> {
  return runProgram({ program, programArguments, timeoutMs, environment: process.env });
}

function rootOwner(dataFolder: string): EmbeddedError {
  return new EmbeddedError(
    'NO_ACCESS',
    `The data folder ${dataFolder} belongs to root, perhaps because it was copied, and PostgreSQL does not run as ` +
      `root. Give it to another user: chown -R ${accountName} ${dataFolder}. Nothing was changed.`,
  );
}

function foreignOwner(dataFolder: string, userId: number): EmbeddedError {
  return new EmbeddedError(
    'NO_ACCESS',
    `The data folder ${dataFolder} belongs to the user with id ${userId}, perhaps because an earlier start ran as ` +
      'root. Start as that user or as root, or move the folder away. Nothing was changed.',
  );
}
