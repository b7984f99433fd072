import type { PostgresAccount } from './postgres-account.ts';

const { PATH = '/usr/local/bin:/usr/bin:/bin' } = process.env;

/**
 * The whole environment of PostgreSQL's programs: a stray PGPORT or PGOPTIONS of the user must not reach them, and
 * messages and the time zone that initdb writes down should be the same on every machine.
 */
export const postgresEnvironment: NodeJS.ProcessEnv = { PATH, LC_ALL: 'C', TZ: 'UTC' };

/** What `-D` is told, for a program that is started in `folder`. */
export function dataFolderArgument(folder: string, account: PostgresAccount | undefined): string {
  // Another account may be unable to walk to a folder below, say, /root. We enter it before we change the user, and
  // from there this link leads to it, whatever lies above. macOS has no such link: there the path must be open.
  return account && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}
