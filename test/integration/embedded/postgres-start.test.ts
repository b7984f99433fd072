import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { clusterNameOf } from '../../../src/embedded/postgres-identity.ts';
import { readCommandLine, sendSignal } from '../../../src/embedded/running-process.ts';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import { createTestFolder, templateFolder } from '../../support/run-folder.ts';
import { useCleanUp } from './clean-up.ts';
import { query } from './query.ts';

// Servers start within a second, but the disk of a busy machine can take its time.
const cleanUp = useCleanUp();

/** A folder for a test that is not about the making of it, which takes a second. */
async function preparedFolder(): Promise<string> {
  const folder = join(await createTestFolder('start'), 'postgres');
  await copyDataFolder(templateFolder(), folder);
  return folder;
}

async function start(options: Partial<EmbeddedPostgresOptions> & { folder: string }) {
  const messages: string[] = [];
  const postgres = await startEmbeddedPostgres({ log: (message) => messages.push(message), ...options });
  cleanUp(postgres.stop);
  return { ...postgres, messages };
}

test('the first start makes the data folder and the database, durable as PostgreSQL makes them', async () => {
  const folder = join(await createTestFolder('start'), 'deeper', 'postgres');
  const { url, port, messages } = await start({ folder });
  expect(url).toBe(`postgres://orders:orders@127.0.0.1:${port}/orders`);
  expect(messages).toEqual([`Creating a PostgreSQL 18 data folder in ${folder}`]);
  const settings = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') ORDER BY name";
  expect(await query(url, settings)).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'synchronous_commit', setting: 'on' },
  ]);
  expect((await readdir(join(folder, '..'))).sort()).toEqual(['postgres', 'postgres.log']);
});

test('a second start keeps the data and says nothing', async () => {
  const folder = await preparedFolder();
  const first = await start({ folder });
  await query(first.url, 'CREATE TABLE things AS SELECT 7 AS id');
  await first.stop();
  expect(await readCommandLine(first.processId)).toBeUndefined();
  const second = await start({ folder });
  expect(await query(second.url, 'SELECT id FROM things')).toEqual([{ id: 7 }]);
  expect(second.messages).toEqual([]);
});

test('the role of the service is no superuser, and the superuser cannot log in', async () => {
  const { url, port } = await start({ folder: await preparedFolder() });
  await expect(query(url, "COPY (SELECT 1) TO PROGRAM 'cat'")).rejects.toThrow('permission denied');
  await expect(query(`postgres://postgres@127.0.0.1:${port}/orders`, 'SELECT 1')).rejects.toThrow('pg_hba.conf');
});

test('the locale does not depend on the machine', async () => {
  const { url } = await start({ folder: await preparedFolder() });
  const found =
    "SELECT upper('é') AS upper, current_setting('TimeZone') AS zone, current_setting('server_encoding') AS e";
  expect(await query(url, found)).toEqual([{ upper: 'É', zone: 'UTC', e: 'UTF8' }]);
});

test('a port in use is named in a sentence, and nothing is made', async () => {
  const parent = await createTestFolder('start');
  const port = await findFreePort();
  const stranger = createServer().listen(port, '127.0.0.1');
  cleanUp(async () => stranger.close());
  const rejected = start({ folder: join(parent, 'postgres'), port });
  await expect(rejected).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await expect(rejected).rejects.toThrow(`Port ${port} on 127.0.0.1, wanted for PostgreSQL, is in use`);
  expect(await readdir(parent)).toEqual([]);
});

test('a server that does not start is reported with the end of its log', async () => {
  const folder = await preparedFolder();
  const rejected = start({ folder, settings: { no_such_setting: '1' } });
  await expect(rejected).rejects.toThrow(/did not start\. Its log ends with:\n.*no_such_setting/s);
});

test('a server that ends unasked is reported', async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const folder = await preparedFolder();
  const { processId } = await start({ folder, onUnexpectedEnd: resolve });
  sendSignal(processId, 'SIGINT');
  expect((await promise).message).toMatch(
    /^PostgreSQL \(process \d+\) ended with exit code 0, unexpectedly\..*shut down/s,
  );
});

test('a server that is stopped is not reported, and leaves no copy of its programs', async () => {
  const reports: Error[] = [];
  const folder = await preparedFolder();
  const postgres = await start({ folder, onUnexpectedEnd: (reason) => reports.push(reason) });
  await Promise.all([postgres.stop(), postgres.stop()]);
  await postgres.stop();
  expect(reports).toEqual([]);
  const copies = (await readdir(tmpdir())).filter((name) => name.startsWith(clusterNameOf(folder)));
  expect(copies).toEqual([]);
});
