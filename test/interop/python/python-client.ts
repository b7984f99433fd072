import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../../src/embedded/run-program.ts';
import { createTestFolder } from '../../support/run-folder.ts';

/** Debian's Python, for which the packages are: another one on the PATH would not see them. */
const python = '/usr/bin/python3';
const compileLimitMs = 60_000;

export interface PythonCall {
  readonly method: 'CreateOrder' | 'GetOrder' | 'ListOrders';
  /** In the JSON form of the message. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly key?: string;
  /** Through the generated stub, or with the answer's bytes as they came over the wire. */
  readonly via: 'stub' | 'bytes';
}

const answer = z.object({
  code: z.string(),
  details: z.string(),
  metadata: z.record(z.string(), z.string()),
  requestHex: z.string(),
  responseHex: z.string().nullable(),
});

export type PythonAnswer = z.output<typeof answer>;

/** A client process, with one channel for all its calls. */
export interface PythonClient {
  call(call: PythonCall): Promise<PythonAnswer>;
  /** Ends it; rejects if it ends otherwise than in order. */
  stop(): Promise<void>;
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Generates the stubs from `proto/`, as a team that calls the service does, into a folder of the test's. */
export async function generatePythonStubs(): Promise<string> {
  const folder = await createTestFolder('python-stubs');
  const includes = [pathOf('../../../proto'), pathOf('../../../node_modules/google-proto-files')];
  const files = [
    'orders/v1/order.proto',
    'orders/v1/order_event.proto',
    'orders/v1/order_service.proto',
    'idempotency/v1/policy.proto',
  ];
  const { isSuccess, output } = await runProgram({
    program: python,
    programArguments: [
      ...['-m', 'grpc_tools.protoc', `--python_out=${folder}`, `--grpc_python_out=${folder}`],
      ...includes.map((include) => `-I${include}`),
      ...[...files, 'google/type/money.proto'],
    ],
    environment: process.env,
    timeoutMs: compileLimitMs,
  });
  if (isSuccess) return folder;
  throw new Error(
    `the Python stubs could not be generated; they need Debian's python3-grpcio and python3-grpc-tools:\n${output}`,
  );
}

export function startPythonClient(stubsFolder: string, port: number): PythonClient {
  const programArguments = [pathOf('./client.py'), stubsFolder, `127.0.0.1:${port}`];
  const child = spawn(python, programArguments, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    call: async (call) => {
      child.stdin.write(`${JSON.stringify(call)}\n`);
      const { value } = await lines.next();
      if (typeof value !== 'string') throw new Error(`the Python client has ended:\n${complaint}`);
      return answer.parse(JSON.parse(value));
    },
    stop: async () => {
      child.stdin.end();
      const [exitCode]: unknown[] = await ended;
      if (exitCode !== 0) throw new Error(`the Python client ended with ${exitCode}:\n${complaint}`);
    },
  };
}
