import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./consumer-process.ts', import.meta.url));

/** Starts the consumer `a` in a process and kills it in the middle of `handle`. @returns the event's number */
export async function dieInHandle(url: string): Promise<number> {
  const child = fork(script, [url], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  try {
    const [number]: unknown[] = await Promise.race([once(child, 'message'), exited]);
    return Number(number);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}
