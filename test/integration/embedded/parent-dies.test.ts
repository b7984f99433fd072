import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readCommandLine } from '../../../src/embedded/running-process.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { useCleanUp } from './clean-up.ts';
import { interrupted, started, startParent } from './parent-process.ts';
import { query } from './query.ts';

// Servers start within a second, but the disk of a busy machine can take its time.
const cleanUp = useCleanUp();

function start(folder: string) {
  const parent = startParent(folder);
  cleanUp(parent.kill);
  return parent;
}

test('after kill -9 of the parent the next start replaces the servers that it left, and keeps the data', async () => {
  const folder = await createTestFolder('parent');
  const killed = start(folder);
  const first = await killed.readStory(started);
  await query(first.postgres.url, 'CREATE TABLE things AS SELECT 7 AS id');
  await killed.kill();
  expect(await readCommandLine(first.postgres.processId)).toContain('cluster_name=order-service-');
  expect(await readCommandLine(first.redis.processId)).toContain(folder);

  const next = start(folder);
  const second = await next.readStory(started);
  expect(second.messages).toEqual([
    `Stopping PostgreSQL (process ${first.postgres.processId}), which an earlier start left behind`,
    `Stopping Redis (process ${first.redis.processId}), which an earlier start left behind`,
  ]);
  expect(await query(second.postgres.url, 'SELECT id FROM things')).toEqual([{ id: 7 }]);
  expect(await readCommandLine(first.postgres.processId)).toBeUndefined();
  expect(await readCommandLine(first.redis.processId)).toBeUndefined();
  await next.interruptGroup();
});

test('Ctrl-C reaches only the parent, which then stops the servers and leaves nothing behind', async () => {
  const folder = await createTestFolder('parent');
  const parent = start(folder);
  const { postgres, redis } = await parent.readStory(started);
  await parent.interruptGroup();
  expect(await parent.readStory(interrupted)).toEqual({ answer: [{ one: 1 }] });
  expect(await readFile(join(folder, 'redis', 'redis.log'), 'utf8')).not.toContain('Received SIGINT');
  expect(await readCommandLine(postgres.processId)).toBeUndefined();
  expect(await readCommandLine(redis.processId)).toBeUndefined();
  expect((await readdir(folder)).sort()).toEqual(['lock.sqlite', 'postgres', 'postgres.log', 'redis']);
});

test('a second start says which process holds the folder, and touches nothing', async () => {
  const folder = await createTestFolder('parent');
  const first = start(folder);
  const { postgres } = await first.readStory(started);
  const before = await readdir(folder, { recursive: true });
  await expect(start(folder).readStory(started)).rejects.toThrow(`Already running as process ${first.processId}`);
  expect(await readdir(folder, { recursive: true })).toEqual(before);
  expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await first.interruptGroup();
});
