import { createHash } from 'node:crypto';
import type { StopStep } from './running-process.ts';

const prefix = 'order-service-';

/**
 * A name for the cluster in a data folder. Every server of ours has it in its command line, and is recognised by it:
 * the folder itself need not stand there.
 */
export function clusterNameOf(folder: string): string {
  return `${prefix}${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
}

/** Whose server a command line belongs to, seen from one data folder. */
export function judgeCommandLine(commandLine: string, folder: string): 'ours' | 'another server' | 'no server' {
  if (commandLine.includes(`cluster_name=${clusterNameOf(folder)}`)) return 'ours';
  // A server of ours on another folder, or a session of any server ("postgres: ..."), has got the number by chance.
  if (commandLine.includes(`cluster_name=${prefix}`) || commandLine.startsWith('postgres:')) return 'no server';
  return /^(\S*\/)?(postgres|postmaster)(\s|$)/.test(commandLine) ? 'another server' : 'no server';
}

/** Fast shutdown, then immediate shutdown; five seconds after SIGQUIT the server itself kills its children. */
export const postgresStopSteps: readonly StopStep[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 7_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
