import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { findFreePort } from '../../../src/embedded/port.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { getOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testEnvironment } from '../../support/test-config.ts';
import { createClient, status } from '../../support/unary-call.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const root = fileURLToPath(new URL('../../..', import.meta.url));
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A pipe that has no room left, and that nobody reads. */
function fullPipe(): number {
  const path = join(mkdtempSync(join(tmpdir(), 'full-pipe-')), 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  rmSync(dirname(path), { recursive: true });
  expect(() => {
    while (true) writeSync(pipe, 'x');
  }).toThrow('EAGAIN');
  return pipe;
}

function outputOf(stream: Readable | null): Readable {
  if (stream === null) throw new Error('it has no such pipe');
  return stream;
}

interface Serving {
  readonly child: ChildProcess;
  /** Ends the service, which has to take calls, and gives its exit code. */
  end(): Promise<unknown>;
}

/** The command that serves, with what is its standard output. */
async function serve(stdout: 'pipe' | number): Promise<Serving> {
  const port = await findFreePort();
  const settings = { GRPC_LISTEN: `127.0.0.1:${port}`, LOG_LEVEL: 'info' };
  const env = { ...nodeEnvironment(), ...testEnvironment({ databaseUrl: database.url }, settings) };
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: root,
    env,
    stdio: ['ignore', stdout, 'pipe'],
  });
  running.push(child);
  const exited = once(child, 'exit');
  const takesCalls = async () => {
    const client = createClient(port);
    const { code } = await getOrder(client, 'x');
    client.close();
    return code === status.INVALID_ARGUMENT ? true : undefined;
  };
  expect(await poll(takesCalls, { timeoutMs: 30_000 })).toBe(true);
  const end = async () => {
    child.kill('SIGTERM');
    const [code] = await exited;
    return code;
  };
  return { child, end };
}

test('a service whose log has lost its reader ends when it is told to', async () => {
  const { child, end } = await serve('pipe');
  child.stdout?.destroy();
  expect(await end()).toBe(0);
});

test('a service whose log has a reader who sleeps takes calls, and ends when it is told to', async () => {
  const { end } = await serve(fullPipe());
  expect(await end()).toBe(0);
});

test('a service that cannot write its log takes calls, says why on standard error, and ends when it is told to', async () => {
  const { child, end } = await serve(openSync('/dev/full', 'w'));
  const said = text(outputOf(child.stderr));
  expect(await end()).toBe(0);
  expect((await said).match(/The log cannot be written.*ENOSPC/g)).toHaveLength(1);
});

test('a log that is not read keeps 4 MiB, and counts what it drops', async () => {
  const program = `
    import { createLogger } from './src/telemetry/logger.ts';
    const logger = createLogger({ level: 'info', format: 'json' });
    for (let line = 1; line <= 1_000; line += 1) logger.info({ line, filler: 'x'.repeat(10_000) }, 'one');
    process.send('all');
    process.disconnect();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    env: nodeEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  // Only now is it read.
  await once(child, 'message');
  const lines = (await text(outputOf(child.stdout)))
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const told = lines.pop();
  expect(lines.length).toBeGreaterThan(400);
  expect(lines.length).toBeLessThan(500);
  expect(told).toMatchObject({ lines: 1_000 - lines.length, msg: expect.stringContaining('were dropped') });
  expect(lines.map((line) => Object(line).line)).toEqual(lines.map((_line, index) => index + 1));
});
