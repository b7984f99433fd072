import { type DebianSystem, debianSystem, hasAptGet, installWithoutServices } from './debian-package.ts';
import { redisAdvice } from './redis-advice.ts';
import { findRedisBinary, type RedisBinary } from './redis-binary.ts';
import type { ProgramResult } from './run-program.ts';

export type RedisAvailability =
  | { readonly kind: 'found'; readonly binary: RedisBinary }
  | { readonly kind: 'installed'; readonly binary: RedisBinary }
  /** `advice` says why, and how to get Redis. */
  | { readonly kind: 'missing'; readonly advice: string };

export interface RedisInstallation {
  /** The folders to look in, as in PATH. */
  readonly searchPath: string;
  readonly isRoot: boolean;
  readonly log: (message: string) => void;
  readonly system?: DebianSystem;
}

/** Finds Redis or Valkey; installs Redis where it is missing, we are root, and there is apt. */
export async function ensureRedisBinary(options: RedisInstallation): Promise<RedisAvailability> {
  const { searchPath, isRoot, log, system = debianSystem } = options;
  const before = await findRedisBinary(searchPath);
  switch (before.kind) {
    case 'found':
      return before;
    case 'unusable':
      // It came from somewhere: a second Redis beside it, or over it, is not ours to decide.
      return missing(`${before.path} cannot be used: ${before.reason}.`);
    case 'missing':
  }
  if (!isRoot || !(await hasAptGet(system))) return missing('Neither redis-server nor valkey-server is on the PATH.');

  log('Redis is missing: installing it (apt-get update && apt-get install --no-install-recommends redis-server)');
  const { isSuccess, output } = await installWithoutServices(['redis-server'], system).catch(
    (error: unknown): ProgramResult => ({ isSuccess: false, output: String(error) }),
  );
  if (!isSuccess) return missing(`Installing it with apt-get failed: ${lastLines(output)}`);
  const after = await findRedisBinary(searchPath);
  if (after.kind === 'found') return { kind: 'installed', binary: after.binary };
  return missing('apt-get has installed redis-server, but there is none on the PATH that can be used.');
}

function missing(reason: string): RedisAvailability {
  return { kind: 'missing', advice: redisAdvice(reason) };
}

function lastLines(output: string): string {
  return output.split('\n').slice(-3).join('\n');
}
