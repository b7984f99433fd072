import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { type Stores, testEnvironment } from '../../support/test-config.ts';

/** The command `serve`, as an operator runs it. */
export interface ServedProcess extends AsyncDisposable {
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<unknown>;
}

const takingCalls = z.object({ msg: z.literal('taking calls'), port: z.number() });

export async function startServed(
  stores: Stores,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServedProcess> {
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment(stores, settings) };
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]: unknown[]) => code);
  const taking = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = takingCalls.safeParse(JSON.parse(line));
    if (said.success) taking.resolve(said.data.port);
  });
  const ended = exited.then((code) => Promise.reject(new Error(`it ended with ${code} before it took calls`)));
  ended.catch(() => {});
  return {
    port: await Promise.race([taking.promise, ended]),
    signal: (signal) => void child.kill(signal),
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
