import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { metadataValue, status } from '../../support/unary-call.ts';
import { embeddedProcesses, runningOf } from './embedded-processes.ts';
import { runInShell } from './shell.ts';
import { runStart, type Started, startAndWait } from './started.ts';

// The tests share one folder and what runs in it: to make a new database for each would take most of their time.
const limitMs = 120_000;
let folder: string;
let started: Started;

beforeAll(async () => {
  folder = await createTestFolder('start');
  started = await startAndWait(folder);
}, limitMs);

afterAll(() => started.stop(), limitMs);

test(
  'the command that the banner suggests works when it is pasted into a shell, and a repeat is a replay',
  async () => {
    const [, command = ''] = /Try this, twice:\n(.*?)\n\n/s.exec(started.banner) ?? [];
    expect(command).toContain('npx buf curl');
    const [first, second] = [await runInShell(command), await runInShell(command)];
    expect(first.output).toContain('Idempotency-Status: executed');
    expect(second.output).toContain('Idempotency-Status: replayed');
    const orderIds = [first, second].map(({ output }) => /"orderId": "(.*)"/.exec(output)?.[1]);
    expect(orderIds).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), orderIds[0]]);
  },
  limitMs,
);

test(
  'a second start in the same folder says that one runs already, and does not disturb it',
  async () => {
    const second = runStart(folder);
    expect(await second.exited).toBe(1);
    const sentence = `Already running as process ${started.processId}, with the data in ${join(folder, '.data')}`;
    expect(second.output()).toContain(sentence);
    expect((await createOrder(started.client, orderRequest(), { key: 'undisturbed' })).code).toBe(status.OK);
  },
  limitMs,
);

test(
  'a setting that is wrong is told before anything is started',
  async () => {
    const untouched = await createTestFolder('misconfigured');
    const misconfigured = runStart(untouched, { REDIS_SLOW_MS: '5s' });
    expect(await misconfigured.exited).toBe(1);
    expect(misconfigured.output()).toContain('REDIS_SLOW_MS = "5s" is not a whole number in plain digits');
    expect(misconfigured.output()).not.toContain('DATABASE_URL');
    expect(await readdir(untouched)).toEqual([]);
  },
  limitMs,
);

test(
  'P1, P2, P7: after kill -9 the next start has the order, and a repeated call gets its first answer',
  async () => {
    const first = await createOrder(started.client, orderRequest(), { key: 'survivor' });
    started.client.close();
    await started.kill();
    started = await startAndWait(folder);
    const second = await createOrder(started.client, orderRequest(), { key: 'survivor' });
    expect(metadataValue(second, 'idempotency-status')).toBe('replayed');
    expect(second.response).toEqual(first.response);
    expect(readOrder(await getOrder(started.client, createdOrder(first).orderId))).toEqual(createdOrder(first));
  },
  limitMs,
);

test(
  'Ctrl-C ends everything that the start has started, with exit code 0',
  async () => {
    const processIds = await embeddedProcesses(folder);
    expect(await runningOf(processIds)).toHaveLength(2);
    started.signal('SIGINT');
    expect(await started.exited).toBe(0);
    expect(await runningOf(processIds)).toEqual([]);
    expect(await embeddedProcesses(folder)).toEqual([]);
    // All data are in .data of the working directory, and nothing else was left there.
    expect(await readdir(folder)).toEqual(['.data']);
  },
  limitMs,
);
