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

const directly = [process.execPath, 'src/main.ts', 'serve'] as const;
const underNpm = ['npm', 'run', 'serve'] as const;

/** The command that serves, in a process group of its own, as a shell gives it one. */
function serve(settings: Readonly<Record<string, string>>, [program, ...programArguments]: Command = directly) {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const npm = { npm_config_update_notifier: 'false', npm_config_logs_max: '0' };
  const env = { ...nodeEnvironment(), ...npm, ...testEnvironment({ databaseUrl: database.url }, settings) };
  const child = spawn(program, programArguments, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
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
      new Promise<void>((resolve) => {
        if (output.includes(text)) resolve();
        said.set(text, resolve);
      }),
      exited.then(({ output: all }) => Promise.reject(new Error(`it ended: ${all}`))),
    ]);
  return {
    exited,
    says,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** What a terminal does: all processes of the group get it. */
    signalGroup: (signal: NodeJS.Signals) => process.kill(-(child.pid ?? 0), signal),
  };
}

type Command = readonly [string, ...string[]];

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

test.concurrent.each([
  [{ METRICS_LISTEN: 'no-such-host.invalid:9464' }, 'METRICS_LISTEN'],
  [
    { FULFILMENT_ENABLED: 'true', FULFILMENT_PROCESSOR: 'test/unit/fulfilment/processors/unreachable.ts' },
    'ECONNREFUSED',
  ],
])(
  'what keeps it from starting and is no fault of the database is told at once: %j',
  async (settings, words) => {
    const { code, output } = await serve(settings).exited;
    expect([code, output]).toEqual([1, expect.stringContaining(words)]);
    expect(output).not.toContain('the database cannot be reached yet');
  },
  60_000,
);

test.concurrent('METRICS_LISTEN with port 0 takes any free port, as often as it is asked for', async () => {
  const settings = { METRICS_LISTEN: '127.0.0.1:0' };
  const services = [serve(settings), serve(settings)];
  for (const service of services) await service.says('taking calls');
  for (const service of services) service.signal('SIGHUP');
  for (const service of services) expect(await service.exited).toMatchObject({ code: 0 });
}, 60_000);

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

type Serving = ReturnType<typeof serve>;

test.concurrent.each<[string, (service: Serving) => void]>([
  ['SIGTERM, which npm passes on,', ({ signal }) => signal('SIGTERM')],
  ['Ctrl-C, which the terminal sends to all and npm passes on once more,', ({ signalGroup }) => signalGroup('SIGINT')],
])(
  'under npm %s ends the service in order, and leaves nothing behind',
  async (_what, end) => {
    const service = serve({ GRPC_LISTEN: `127.0.0.1:${await findFreePort()}` }, underNpm);
    await service.says('taking calls');
    end(service);
    const left = setTimeout(() => service.signalGroup('SIGKILL'), 30_000);
    // Whoever is left keeps the output open.
    const { code, output } = await service.exited;
    clearTimeout(left);
    expect([code, output]).toEqual([0, expect.stringContaining('stopped')]);
    expect(output).not.toContain('the second signal');
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
