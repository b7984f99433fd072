import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { poll } from '../../src/embedded/poll.ts';
import { readCommandLine, sendSignal } from '../../src/embedded/running-process.ts';

const endTimeoutMs = 10_000;

/** Stops a process and its children from running, the parent first: it can start no more of them. */
export async function freezeFamily(processId: number): Promise<void> {
  sendSignal(processId, 'SIGSTOP');
  for (const childId of await findChildren(processId)) sendSignal(childId, 'SIGSTOP');
}

export async function thawFamily(processId: number): Promise<void> {
  for (const childId of await findChildren(processId)) sendSignal(childId, 'SIGCONT');
  sendSignal(processId, 'SIGCONT');
}

/** Kills a process and its children as a loss of power would, and waits until none of them is left. */
export async function killFamily(processId: number): Promise<void> {
  sendSignal(processId, 'SIGSTOP');
  const family = [processId, ...(await findChildren(processId))];
  for (const member of family) sendSignal(member, 'SIGKILL');
  for (const member of family) {
    const hasEnded = async () => ((await readCommandLine(member)) === undefined ? true : undefined);
    if (!(await poll(hasEnded, { timeoutMs: endTimeoutMs, intervalMs: 5 }))) {
      throw new Error(`process ${member} is still there ${endTimeoutMs} ms after SIGKILL`);
    }
  }
}

async function findChildren(processId: number): Promise<number[]> {
  const pairs = process.platform === 'linux' ? await readPairsFromProc() : await readPairsFromPs();
  return pairs.filter(({ parentId }) => parentId === processId).map(({ childId }) => childId);
}

interface Pair {
  readonly childId: number;
  readonly parentId: number;
}

async function readPairsFromProc(): Promise<Pair[]> {
  const processIds = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    processIds.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      // After the name in parentheses come the state and the parent.
      const [, parentId = 0] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { childId: Number(name), parentId: Number(parentId) };
    }),
  );
}

async function readPairsFromPs(): Promise<Pair[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').map((line) => {
    const [childId, parentId] = line.trim().split(/\s+/).map(Number);
    return { childId: childId ?? 0, parentId: parentId ?? 0 };
  });
}
