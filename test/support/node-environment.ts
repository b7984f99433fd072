import { join } from 'node:path';
import { readRunValue } from './run-folder.ts';

/**
 * What the environment of every process that a test starts has in it. What Node has compiled in one it need not compile in the next,
 * which halves what a start costs; processes that are killed leave nothing for others, unless they called `flushCompileCache`.
 */
export function nodeEnvironment() {
  return { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(readRunValue('folder'), 'compile-cache') };
}
