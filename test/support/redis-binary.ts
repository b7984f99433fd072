import { ensureRedisBinary } from '../../src/embedded/install-redis.ts';
import type { RedisBinary } from '../../src/embedded/redis-binary.ts';

/** The Redis that the tests run, installed if that is possible; without one there is nothing to test against. */
export async function testRedisBinary(): Promise<RedisBinary> {
  const { PATH: searchPath = '' } = process.env;
  const isRoot = process.getuid?.() === 0;
  const availability = await ensureRedisBinary({ searchPath, isRoot, log: console.log });
  if (availability.kind === 'missing') throw new Error(`The tests need Redis. ${availability.advice}`);
  return availability.binary;
}
