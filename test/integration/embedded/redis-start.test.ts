import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { findFreePort } from '../../../src/embedded/port.ts';
import { type LocalRedisOptions, startLocalRedis } from '../../../src/embedded/redis.ts';
import { readCommandLine, sendSignal } from '../../../src/embedded/running-process.ts';
import { testRedisBinary } from '../../support/redis-binary.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { useCleanUp } from './clean-up.ts';

// Servers start within a second, but the disk of a busy machine can take its time.
const cleanUp = useCleanUp();

async function start(options: Partial<LocalRedisOptions> & { folder: string }) {
  const redis = await startLocalRedis({ binary: await testRedisBinary(), log: () => {}, ...options });
  cleanUp(redis.stop);
  return redis;
}

async function withClient<Answer>(url: string, ask: (client: Redis) => Promise<Answer>): Promise<Answer> {
  const client = new Redis(url);
  return ask(client).finally(() => client.quit());
}

test('an orderly stop and a second start keep every write', async () => {
  const folder = await createTestFolder('redis');
  const first = await start({ folder });
  await withClient(first.url, (client) => client.set('key', 'value'));
  await first.stop();
  expect(await readCommandLine(first.processId)).toBeUndefined();
  const second = await start({ folder });
  expect(await withClient(second.url, (client) => client.get('key'))).toBe('value');
});

test('it never evicts a record, and listens on the loopback interface only', async () => {
  const { url } = await start({ folder: await createTestFolder('redis') });
  const settings = await withClient(url, (client) => client.config('GET', 'maxmemory-policy', 'bind', 'appendonly'));
  expect(settings).toEqual(expect.arrayContaining(['noeviction', '127.0.0.1', 'yes']));
});

test('a port in use is named in a sentence', async () => {
  const folder = await createTestFolder('redis');
  const port = await findFreePort();
  const stranger = createServer().listen(port, '127.0.0.1');
  cleanUp(async () => stranger.close());
  await expect(start({ folder, port })).rejects.toThrow(`Port ${port} on 127.0.0.1, wanted for Redis, is in use`);
  expect(await readdir(folder)).toEqual([]);
});

test('a server that does not start is reported with the end of its log', async () => {
  const folder = await createTestFolder('redis');
  const rejected = start({ folder, settings: { 'no-such-setting': '1' } });
  await expect(rejected).rejects.toThrow(/did not start\. Its log ends with:\n.*no-such-setting/s);
});

test('a server that ends unasked is reported', async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const { processId } = await start({ folder: await createTestFolder('redis'), onUnexpectedEnd: resolve });
  sendSignal(processId, 'SIGKILL');
  expect((await promise).message).toMatch(/^Redis \(process \d+\) ended with signal SIGKILL, unexpectedly/);
});

test('a process that has got the number of an earlier Redis is left alone', async () => {
  const folder = await createTestFolder('redis');
  await writeFile(join(folder, 'redis.pid'), `${process.ppid}\n`);
  await start({ folder });
  expect(await readCommandLine(process.ppid)).toBeDefined();
});
