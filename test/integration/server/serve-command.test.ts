import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { findFreePort } from '../../../src/embedded/port.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { getOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testEnvironment } from '../../support/test-config.ts';
import { createClient, status } from '../../support/unary-call.ts';
import { openAudit } from '../orders/audit.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
});

afterAll(() => database.drop());

/** `npm run serve`, without npm. */
function serve(settings: Readonly<Record<string, string>>) {
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment({ databaseUrl: database.url }, settings) };
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const said = new Map<string, () => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      for (const [text, listener] of said) if (output.includes(text)) listener();
    });
  }
  const exited = once(child, 'close').then(([code]: unknown[]) => ({ code, output }));
  const says = (text: string) =>
    Promise.race([
      new Promise<void>((resolve) => void said.set(text, resolve)),
      exited.then(({ output: all }) => Promise.reject(new Error(`it ended: ${all}`))),
    ]);
  return { exited, says, signal: (signal: NodeJS.Signals) => child.kill(signal) };
}

async function occupy(): Promise<{ server: Server; port: number }> {
  const port = await findFreePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port };
}

// At once, because each of them has a process to wait for.
test.concurrent.each(['GRPC_LISTEN', 'METRICS_LISTEN'])(
  'a port of %s that is in use ends the start with a sentence that says so',
  async (variable) => {
    const { server, port } = await occupy();
    try {
      const { code, output } = await serve({ [variable]: `127.0.0.1:${port}` }).exited;
      expect(code).toBe(1);
      expect(output).toContain(`127.0.0.1:${port}`);
      expect(output).toContain(variable);
      expect(output).not.toMatch(/^\s+at /m);
    } finally {
      server.close();
    }
  },
  60_000,
);

test.concurrent.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends the service with exit code 0',
  async (signal) => {
    const port = await findFreePort();
    const service = serve({ GRPC_LISTEN: `127.0.0.1:${port}` });
    const client = createClient(port);
    await service.says('the database is there');
    let { code } = await getOrder(client, 'x');
    while (code === status.UNAVAILABLE) ({ code } = await getOrder(client, 'x'));
    expect(code).toBe(status.INVALID_ARGUMENT);
    service.signal(signal);
    expect(await service.exited).toMatchObject({ code: 0, output: expect.stringContaining('stopped') });
    client.close();
  },
  60_000,
);

test('a start whose sessions the database ends is tried again', async () => {
  const audit = await openAudit(database.url);
  await audit.run('select pg_advisory_lock(7216350811)');
  const service = serve({ GRPC_LISTEN: `127.0.0.1:${await findFreePort()}` });
  // It waits for the other one that migrates.
  const end = async () =>
    (await audit.run(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted`))
      .length > 0
      ? true
      : undefined;
  expect(await poll(end, { timeoutMs: 30_000 })).toBe(true);
  await service.says('the database cannot be reached yet');
  await audit.close();
  await service.says('taking calls');
  service.signal('SIGTERM');
  expect(await service.exited).toMatchObject({ code: 0 });
});
