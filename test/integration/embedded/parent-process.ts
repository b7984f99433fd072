import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const server = z.object({ url: z.string(), processId: z.number() });

/** What `start-both.ts` tells, a line at a time. */
export const started = z.object({ postgres: server, redis: server, messages: z.array(z.string()) });
export const interrupted = z.object({ answer: z.array(z.object({ one: z.number() })) });

export interface ParentProcess {
  readonly processId: number;
  /** Waits for the next line; if the process ends instead, this rejects with what it had to say. */
  readStory<Story>(schema: z.ZodType<Story>): Promise<Story>;
  /** Returns when it is gone. */
  kill(): Promise<void>;
  /** What Ctrl-C in a terminal does: everybody in the process group gets the signal. Returns when the parent is gone. */
  interruptGroup(): Promise<void>;
}

/** Starts both servers from a process of its own, in a process group of its own, which can be killed in all ways. */
export function startParent(folder: string): ParentProcess {
  const script = fileURLToPath(new URL('./start-both.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { pid: processId } = child;
  if (processId === undefined) throw new Error(`${script} could not be started`);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = once(child, 'close');
  const signalAndWait = async (target: number, signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(target, signal);
    await ended;
  };
  return {
    processId,
    readStory: async (schema) => {
      const { value } = await lines.next();
      if (typeof value !== 'string') throw new Error(`the process ended instead of telling: ${complaint}`);
      return schema.parse(JSON.parse(value));
    },
    kill: () => signalAndWait(processId, 'SIGKILL'),
    interruptGroup: () => signalAndWait(-processId, 'SIGINT'),
  };
}
