import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import type { Stores } from '../../support/test-config.ts';
import { type CallOptions, type CallResult, createClient, unaryCall } from '../../support/unary-call.ts';

/** The echo service in a process of its own, whose answers are as large as the request asks for. */
export interface EchoProcess extends AsyncDisposable {
  readonly port: number;
  readonly client: Client;
  readonly processId: number;
  /** Resolves when the handler of a large answer runs. */
  readonly running: Promise<void>;
  /** Lets large answers be given, from now on. */
  open(): void;
  /** What it holds in buffers after its garbage was collected. */
  heldMebibytes(): Promise<number>;
}

const heldRule = z.object({ heldMebibytes: z.number() });

export async function startEchoProcess(
  { databaseUrl, redisUrl }: Stores,
  settings: Readonly<Record<string, string>> = {},
): Promise<EchoProcess> {
  const env = {
    ...nodeEnvironment(),
    DATABASE_URL: databaseUrl,
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    SETTINGS: JSON.stringify(settings),
  };
  const child = fork(fileURLToPath(new URL('./echo-child.ts', import.meta.url)), {
    env,
    execArgv: ['--expose-gc'],
  });
  const running = messageOf(child, (message) => (message === 'running' ? true : undefined));
  const port = await messageOf(child, (message) => (typeof message === 'number' ? message : undefined));
  const client = createClient(port);
  return {
    port,
    client,
    processId: child.pid ?? 0,
    running: running.then(() => {}),
    open: () => void child.send('open'),
    heldMebibytes: () => {
      const held = messageOf(child, (message) => heldRule.safeParse(message).data?.heldMebibytes);
      child.send('measure');
      return held;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function messageOf<T>(child: ChildProcess, pick: (message: unknown) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const picked = pick(message);
      if (picked !== undefined) resolve(picked);
    });
    child.once('exit', (code) => reject(new Error(`the echo process ended with ${code}`)));
  });
}

/** The request for an answer with a payload of so many bytes. */
export function largeRequest(bytes: number): SayRequest {
  return { ...SayRequest.fromPartial({}), text: 'large', numbers: [bytes] };
}

export function sayLarge(client: Client, bytes: number, options: CallOptions): Promise<CallResult> {
  return unaryCall(client, EchoServiceService.say, largeRequest(bytes), { metadata: new Metadata(), ...options });
}
