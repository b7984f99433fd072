import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { createTestFolder, templateFolder } from '../../support/run-folder.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { runInShell } from './shell.ts';
import { type Started, startAndWait } from './started.ts';

const limitMs = 120_000;
let bin: string;
let started: Started;

beforeAll(async () => {
  bin = await createTestFolder('bin');
  const folder = await createTestFolder('start');
  await mkdir(join(folder, '.data'));
  await copyDataFolder(templateFolder(), join(folder, '.data', 'postgres'));
  // The only Redis on the PATH is too old. If there were none at all, a start as root would install one on the machine
  // that runs this test.
  await writeFile(join(bin, 'redis-server'), '#!/bin/sh\necho "Redis server v=5.0.14 sha=0"\n', { mode: 0o755 });
  // What a start as root looks for PostgreSQL's account with.
  await symlink((await runInShell('command -v id')).output, join(bin, 'id'));
  started = await startAndWait(folder, { PATH: bin });
}, limitMs);

afterAll(() => started.stop(), limitMs);

test('without a Redis that can be used it starts all the same, and says how to get one', () => {
  expect(started.banner).toContain('Redis       none: degraded, which means slower, but right');
  const reason = `There is no Redis. ${bin}/redis-server cannot be used: it is version 5.0.14, and at least 6.2 is needed`;
  const ways = ['apt-get install redis-server', 'dnf install valkey', 'brew install redis', 'REDIS_URL'];
  const output = started.output();
  expect([reason, ...ways].filter((words) => !output.includes(words))).toEqual([]);
});

test('P5: without Redis a repeated call gets its first answer, byte for byte', async () => {
  const first = await createOrder(started.client, orderRequest(), { key: 'k' });
  const second = await createOrder(started.client, orderRequest(), { key: 'k' });
  const statuses = [first, second].map((result) => metadataValue(result, 'idempotency-status'));
  expect(statuses).toEqual(['executed', 'replayed']);
  expect(second.response).toEqual(first.response);
}, 60_000);
