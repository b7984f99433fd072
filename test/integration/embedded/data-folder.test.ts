import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { lockDataFolder } from '../../../src/embedded/data-folder.ts';
import { createTestFolder } from '../../support/run-folder.ts';
import { useCleanUp } from './clean-up.ts';

const cleanUp = useCleanUp();

async function lock(folder: string) {
  const dataFolder = await lockDataFolder(folder);
  cleanUp(dataFolder.release);
  return dataFolder;
}

test('a folder has one holder at a time, also within one process', async () => {
  const folder = join(await createTestFolder('lock'), '.data');
  const first = await lock(folder);
  await expect(lock(folder)).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    message: `Already running as process ${process.pid}, with the data in ${folder}. Stop that process first. Nothing was changed.`,
  });
  await first.release();
  await first.release();
  await lock(folder);
});

test('of many that come at once one gets the folder', async () => {
  const folder = join(await createTestFolder('lock'), '.data');
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lock(folder)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('the number of a process that died, or of a program that has nothing to do with us, holds nothing', async () => {
  const folder = join(await createTestFolder('lock'), '.data');
  await mkdir(folder);
  await writeFile(join(folder, 'process-id'), '1\n');
  await writeFile(join(folder, 'lock.sqlite'), '');
  await lock(folder);
  expect(await readdir(folder)).toEqual(['lock.sqlite', 'process-id']);
});

test('a folder that cannot be written to is refused in a sentence', async () => {
  const folder = join(await createTestFolder('lock'), '.data');
  await writeFile(folder, 'a file where the folder should be');
  const rejected = lock(folder);
  await expect(rejected).rejects.toMatchObject({ code: 'NO_ACCESS' });
  await expect(rejected).rejects.toThrow(`The data folder ${folder} cannot be used: Error: EEXIST`);
});
