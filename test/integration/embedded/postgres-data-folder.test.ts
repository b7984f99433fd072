import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { copyDataFolder } from '../../support/copy-data-folder.ts';
import { createTestFolder, templateFolder } from '../../support/run-folder.ts';
import { useCleanUp } from './clean-up.ts';
import { query } from './query.ts';

// Servers start within a second, but the disk of a busy machine can take its time.
const cleanUp = useCleanUp();
const settings = { fsync: 'off' };
let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await createTestFolder('data-folder');
  folder = join(parent, 'postgres');
});

async function start() {
  const postgres = await startEmbeddedPostgres({ folder, settings, log: () => {} });
  cleanUp(postgres.stop);
  return postgres;
}

test('data of another PostgreSQL version are refused and left untouched', async () => {
  await copyDataFolder(templateFolder(), folder);
  await writeFile(join(folder, 'PG_VERSION'), '16\n');
  const before = await readdir(folder, { recursive: true });
  const rejected = start();
  await expect(rejected).rejects.toMatchObject({ code: 'OTHER_POSTGRES_VERSION' });
  await expect(rejected).rejects.toThrow(
    /holds data of PostgreSQL 16, and this program brings PostgreSQL 18.*Nothing was changed/,
  );
  expect(await readdir(folder, { recursive: true })).toEqual(before);
});

test('a folder that is no data folder is refused and left untouched', async () => {
  await mkdir(folder);
  await writeFile(join(folder, 'letters.txt'), 'dear diary');
  await expect(start()).rejects.toThrow(`${folder} is not a PostgreSQL data folder: it has no file PG_VERSION`);
  expect(await readFile(join(folder, 'letters.txt'), 'utf8')).toBe('dear diary');
});

test.each(['base', 'pg_wal', 'global/pg_control'])(
  'a data folder without %s is refused as incomplete',
  async (part) => {
    await copyDataFolder(templateFolder(), folder);
    await rm(join(folder, part), { recursive: true });
    const rejected = start();
    await expect(rejected).rejects.toMatchObject({ code: 'INCOMPLETE_DATA_FOLDER' });
    await expect(rejected).rejects.toThrow(`it has no ${part}`);
  },
);

test('an empty folder is a place for a new cluster', async () => {
  await mkdir(folder);
  const { url } = await start();
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('what a start that was killed half-way left is removed; a stranger of a similar name is not', async () => {
  const leftover = join(parent, 'postgres.unfinished-1');
  await mkdir(join(leftover, 'cluster'), { recursive: true });
  await writeFile(join(leftover, 'created-by-order-service'), '');
  await writeFile(join(leftover, 'cluster', 'PG_VERSION'), '18\n');
  const stranger = join(parent, 'postgres.unfinished-business');
  await mkdir(stranger);
  await writeFile(join(stranger, 'letters.txt'), 'dear diary');
  await start();
  expect((await readdir(parent)).sort()).toEqual(['postgres', 'postgres.log', 'postgres.unfinished-business']);
  expect(await readdir(stranger)).toEqual(['letters.txt']);
});

test('a lock file whose process number now belongs to another program does not stop a start', async () => {
  await copyDataFolder(templateFolder(), folder);
  await writeFile(
    join(folder, 'postmaster.pid'),
    `${process.pid}\n${folder}\n1700000000\n5432\n\n127.0.0.1\n\nready\n`,
  );
  const { url } = await start();
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a data folder that a PostgreSQL of somebody else runs on is refused', async () => {
  await copyDataFolder(templateFolder(), folder);
  const stranger = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { argv0: 'postgres' });
  cleanUp(async () => stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  const lockFile = `${stranger.pid}\n${folder}\n1700000000\n5432\n\n127.0.0.1\n\nready\n`;
  await writeFile(join(folder, 'postmaster.pid'), lockFile);
  const rejected = start();
  await expect(rejected).rejects.toMatchObject({ code: 'FOLDER_IN_USE' });
  await expect(rejected).rejects.toThrow(`is in use by process ${stranger.pid}, which was not started by this program`);
  expect(await readFile(join(folder, 'postmaster.pid'), 'utf8')).toBe(lockFile);
  expect(stranger.exitCode).toBeNull();
});
