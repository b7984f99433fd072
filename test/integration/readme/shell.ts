import { fileURLToPath } from 'node:url';
import { runProgram } from '../../../src/embedded/run-program.ts';

export interface ShellResult {
  readonly isSuccess: boolean;
  /** Both streams as a terminal shows them. */
  readonly output: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const timeoutMs = 60_000;

/** Runs a command as a person does who has pasted it into a shell in the checkout. */
export function runInShell(command: string): Promise<ShellResult> {
  // One pipe for both streams: from two, lines would arrive in any order.
  const programArguments = ['-c', `{ ${command}\n} 2>&1`];
  return runProgram({ program: 'sh', programArguments, environment: process.env, timeoutMs, folder: root });
}
