import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from './embedded-error.ts';
import { poll } from './poll.ts';

/** One step of stopping a process: the signal, and how long to wait for the end before the next step. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/**
 * The command line of a process, which tells whose it is: a number alone may have been given to another program since.
 * Undefined if there is no such process; a zombie counts as gone, it holds nothing any more.
 */
export async function readCommandLine(processId: number): Promise<string | undefined> {
  // Slim container images have no `ps`, and macOS has no /proc.
  return process.platform === 'linux' ? readCommandLineFromProc(processId) : readCommandLineFromPs(processId);
}

/** Sends each signal in turn until the process is gone; false if it outlives them all. The process need not be ours. */
export async function stopRunningProcess(processId: number, steps: readonly StopStep[]): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    if (!sendSignal(processId, signal)) return true;
    const hasEnded = async () => ((await readCommandLine(processId)) === undefined ? true : undefined);
    if (await poll(hasEnded, { timeoutMs: waitMs })) return true;
  }
  return false;
}

/** False if there is no such process. */
export function sendSignal(processId: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(processId, signal);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    throw error;
  }
}

async function readCommandLineFromProc(processId: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${processId}/stat`, 'utf8');
    // The name, in parentheses, may itself hold blanks and parentheses: the state follows the last one.
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
    if (state === 'Z' || state === 'X') return undefined;
    return (await readFile(`/proc/${processId}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
  } catch {
    return undefined;
  }
}

async function readCommandLineFromPs(processId: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,command=', '-p', String(processId)]);
    const [, state = '', command = ''] = /^\s*(\S+)\s+(.*)$/m.exec(stdout) ?? [];
    return state.startsWith('Z') ? undefined : command.trim();
  } catch {
    return undefined;
  }
}
