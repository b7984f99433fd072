import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '@grpc/grpc-js';
import { z } from 'zod';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { type Stores, testEnvironment } from '../../support/test-config.ts';
import { createClient } from '../../support/unary-call.ts';

/** The order service in a process of its own, whose memory can be measured, and which can be held at one pause point after the other. */
export interface MeasuredProcess extends AsyncDisposable {
  readonly port: number;
  readonly client: Client;
  /** The lines of its log so far. */
  readonly log: readonly string[];
  /** What its heap holds after the garbage was collected. */
  heapBytes(): Promise<number>;
  /** Makes a call, and returns when that stands at the pause point. */
  hold<T>(point: PausePoint, call: () => Promise<T>): Promise<{ readonly result: Promise<T> }>;
  /** Lets what is held go on. */
  goOn(): void;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<unknown>;
}

export interface MeasuredProcessOptions extends Stores {
  readonly settings?: Readonly<Record<string, string>>;
}

const rules = {
  port: z.tuple([z.object({ port: z.number() })]).rest(z.unknown()),
  heap: z.tuple([z.object({ heapBytes: z.number() })]).rest(z.unknown()),
  held: z.tuple([z.object({ heldAt: z.string() })]).rest(z.unknown()),
};

export async function startMeasuredProcess({
  settings = {},
  ...stores
}: MeasuredProcessOptions): Promise<MeasuredProcess> {
  const script = fileURLToPath(new URL('./measured-service.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment(stores, { LOG_LEVEL: 'warn', ...settings }) };
  const child = fork(script, { env, execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const log: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => log.push(line));
  }
  const exited = once(child, 'exit').then(([code]: unknown[]) => code);
  const [{ port }] = rules.port.parse(await once(child, 'message'));
  const client = createClient(port);
  const answerTo = async (told: string) => {
    const answer = once(child, 'message');
    child.send(told);
    return await answer;
  };
  return {
    port,
    client,
    log,
    heapBytes: async () => rules.heap.parse(await answerTo('measure'))[0].heapBytes,
    hold: async (point, call) => {
      const held = once(child, 'message');
      child.send(point);
      const result = call();
      rules.held.parse(await held);
      return { result };
    },
    goOn: () => void child.send('go on'),
    stop: async () => {
      client.close();
      child.kill('SIGTERM');
      return await exited;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
