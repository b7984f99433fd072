import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface RedisBinary {
  readonly path: string;
  /** Of Redis or of Valkey, for instance `7.0.15`. */
  readonly version: string;
}

export type RedisSearch =
  | { readonly kind: 'found'; readonly binary: RedisBinary }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly path: string; readonly reason: string };

/** Redis 6.2, of 2021: the first with `set-proc-title`, by which an orphan is recognised. */
const oldestVersion = { major: 6, minor: 2 } as const;

/** Looks for `redis-server`, then `valkey-server`, in the folders of a PATH. */
export async function findRedisBinary(searchPath: string): Promise<RedisSearch> {
  let unusable: RedisSearch | undefined;
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of searchPath.split(delimiter)) {
      // An empty entry means the current folder, which should not decide what we run.
      if (folder === '') continue;
      const path = join(folder, name);
      if (!(await isExecutable(path))) continue;
      const search = await examine(path);
      if (search.kind === 'found') return search;
      unusable ??= search;
    }
  }
  return unusable ?? { kind: 'missing' };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function examine(path: string): Promise<RedisSearch> {
  const { output } = await runProgram({
    program: path,
    programArguments: ['--version'],
    environment: process.env,
    timeoutMs: 10_000,
  }).catch((error: unknown): ProgramResult => ({ isSuccess: false, output: String(error) }));
  const [, version, major, minor] = /\bv=((\d+)\.(\d+)\S*)/.exec(output) ?? [];
  if (version === undefined) return { kind: 'unusable', path, reason: `it does not tell its version: ${output}` };
  const age = Number(major) - oldestVersion.major || Number(minor) - oldestVersion.minor;
  if (age >= 0) return { kind: 'found', binary: { path, version } };
  const needed = `${oldestVersion.major}.${oldestVersion.minor}`;
  return { kind: 'unusable', path, reason: `it is version ${version}, and at least ${needed} is needed` };
}
