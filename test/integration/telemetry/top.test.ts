import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { runTop, runTopOnTerminal } from './run-top.ts';

let stores: OpenStores;
let service: TestService;
let listen: string;
let url: string;

beforeAll(async () => {
  stores = await openStores();
  listen = `127.0.0.1:${await findFreePort()}`;
  url = `http://${listen}/metrics`;
  const settings = { METRICS_LISTEN: listen, METRICS_DATABASE_INTERVAL_MS: '100', FULFILMENT_ENABLED: 'true' };
  service = await startTestService({ ...stores, settings });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

const place = (key: string, customerId = 'customer') =>
  createOrder(service.client, orderRequest({ customerId }), { key });

/** The figures of a row that begins with its title. */
function row(output: string, title: string): readonly string[] {
  const line = output.split('\n').find((line) => line.startsWith(title)) ?? '';
  return line.slice(title.length).trim().split(/ {2,}/);
}

test('one frame without a terminal: what calls have become, at the endpoint of METRICS_LISTEN', async () => {
  for (const key of ['one', 'two', 'three', 'one', 'two']) await place(key);
  await place('one', 'another customer');
  await until('the queue is known to be empty', async () => {
    const [queued] = await stores.audit.run(`select count(*)::int as jobs from graphile_worker.jobs`);
    return queued?.['jobs'] === 0;
  });
  const { output, complaints, exitCode } = await runTop([], { METRICS_LISTEN: listen });
  expect({ complaints, exitCode }).toEqual({ complaints: '', exitCode: 0 });
  expect(output).toContain(`order service  ${url}  up `);
  expect(output).toContain('\nWELL: PostgreSQL and Redis are there, and nothing is late.\n');
  expect(row(output, 'in all')).toEqual(['3', '2', '0', '1', '0', '0', '0']);
  expect(row(output, 'per s')).toEqual(['0', '0', '0', '0', '0', '0', '0']);
  expect(output).toMatch(/DATABASE up +yes /);
  expect(output).toMatch(/REDIS +circuit +closed /);
  expect(output).toMatch(/workers +1 /);
  // In a worker of jest, which has run other tests before.
  expect(output).toMatch(/memory +[\d.]+ [MG]iB/);
  expect(output.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('while orders are placed: how many, and how quick', async () => {
  let isShown = false;
  const shown = runTop(['--once', url]).finally(() => {
    isShown = true;
  });
  for (let number = 0; !isShown; number += 1) await place(`load-${number}`);
  const { output } = await shown;
  expect(Number.parseFloat(row(output, 'per s')[0] ?? '')).toBeGreaterThan(0);
  for (const title of ['CreateOrder', 'begin (Redis)', 'commit (SQL)', 'complete']) {
    expect(output).toMatch(new RegExp(`^${title.replace(/[()]/g, '\\$&')}( +[\\d.]+ (µs|ms|s)){2}`, 'm'));
  }
  expect(output).toMatch(/^wait( +–){2}/m);
});

test('what cannot be read is said, with what to do, and the exit code is 1; what can be read is shown', async () => {
  const port = await findFreePort();
  const gone = `http://127.0.0.1:${port}/metrics`;
  const complaint = `${gone} cannot be read: nothing listens there\n-> start the service with METRICS_LISTEN=127.0.0.1:${port}\n`;
  expect(await runTop(['--once', gone])).toEqual({ output: '', complaints: complaint, exitCode: 1 });
  const { output, complaints, exitCode } = await runTop(['--once', url, gone]);
  expect({ complaints, exitCode }).toEqual({ complaints: complaint, exitCode: 1 });
  expect(output).toContain(`CANNOT BE READ: 1 of 2 endpoints, ${gone}: `);
  expect(output).toMatch(/DATABASE up +yes /);
  expect(output).toContain('\nENDPOINTS ');
  const grpc = await runTop(['--once', `127.0.0.1:${service.port}`]);
  expect(grpc.complaints).toContain('-> see that it is http or https');
  const refused = await runTop(['--once', '--interval', '0']);
  expect(refused.complaints).toContain('it must be a whole number from 1 to 60');
  expect(refused.exitCode).toBe(1);
});

test('with Redis gone, a frame says so, and since when', async () => {
  await stores.redis.kill();
  let output = '';
  await until('it is told', async () => {
    await place('without-redis');
    ({ output } = await runTop(['--once', url]));
    return output.includes('DEGRADED');
  });
  expect(output).toMatch(/^DEGRADED: calls go without Redis since \d\d:\d\d:\d\d, .+: right, but slower\.$/m);
  expect(output).toMatch(/REDIS +circuit +open /);
  await stores.redis.restart();
  await until('it is told that it is back', async () => (await runTop(['--once', url])).output.includes('WELL'));
});

// The terminal is made by util-linux's `script`.
const hasTerminals = process.platform === 'linux' && existsSync('/usr/bin/script');
const ends = [
  { end: 'q', by: (run: ReturnType<typeof runTopOnTerminal>) => run.type('q') },
  { end: 'Ctrl-C', by: (run: ReturnType<typeof runTopOnTerminal>) => run.type('\u0003') },
  { end: 'SIGTERM', by: (run: ReturnType<typeof runTopOnTerminal>) => run.signal('SIGTERM') },
];

if (hasTerminals) {
  test.each(ends)('on a terminal it is live, and after $end the terminal is as it was', async ({ by }) => {
    await using run = runTopOnTerminal(url);
    await run.shows('q quits');
    await run.shows('max 0');
    await by(run);
    const told = await run.ended;
    const [before = '', live = ''] = told.split('\u001b[?1049h\u001b[?25l');
    const [shown = '', after = ''] = live.split('\u001b[?1049l\u001b[?25h');
    expect(before).toMatch(/^id=\d+\r\n$/);
    expect(shown).toContain('WELL');
    expect(after).toMatch(/^code=0\r\n/);
    // Lines are put together, and echoed, by the terminal again.
    expect(after).toMatch(/ icanon /);
    expect(after).toMatch(/ echo /);
  });
}
