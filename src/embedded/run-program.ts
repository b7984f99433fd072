import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramRun {
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly folder?: string;
  /** Run as this user; only root may. */
  readonly account?: { readonly userId: number; readonly groupId: number } | undefined;
  readonly input?: string;
}

export interface ProgramResult {
  readonly isSuccess: boolean;
  /** Both streams, in the order of arrival, cut to the last part. */
  readonly output: string;
}

// Enough for the reason of a failure; a runaway program must not fill our memory.
const outputCharactersMax = 16_384;

/** Runs a short program to its end, without a shell. Rejects only if it cannot be started (`ENOENT`, `EACCES`, ...). */
export async function runProgram(run: ProgramRun): Promise<ProgramResult> {
  const child = spawn(run.program, run.programArguments, {
    cwd: run.folder,
    env: run.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: run.timeoutMs,
    ...(run.account && { uid: run.account.userId, gid: run.account.groupId }),
  });
  let output = '';
  const collect = (chunk: string) => {
    output = (output + chunk).slice(-outputCharactersMax);
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  // A program that ends without reading its input is judged by its exit code, not by our broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input);
  const [exitCode, signal]: unknown[] = await once(child, 'close');
  if (signal === 'SIGTERM') output += `\n(stopped: not finished after ${run.timeoutMs} ms)`;
  return { isSuccess: exitCode === 0, output: output.trim() };
}
