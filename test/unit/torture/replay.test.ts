import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { History } from '../../torture/history.ts';
import { writeHistory } from '../../torture/history-file.ts';
import { insteadOf, sound, tea } from './history-of.ts';

const main = fileURLToPath(new URL('../../torture/main.ts', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-service-replay-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: unknown;
  readonly said: string;
  readonly complaint: string;
}

/** Runs the torture as a user does; every run here judges or refuses, and tortures nothing. */
async function torture(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, said, complaint };
}

async function replay(history: History): Promise<Ended> {
  const file = join(folder, 'history.jsonl');
  await writeHistory(file, history);
  return await torture('--replay', file);
}

test('a sound history passes, and ends with 0', async () => {
  const { code, said, complaint } = await replay(sound);
  expect({ code, complaint }).toEqual({ code: 0, complaint: '' });
  expect(said).toMatch(/seed tea, 90 s, 3 servers, 32 clients: 1 faults, 10 calls, 2 orders: PASSED\n$/);
});

test('a history in which no fault struck is sound, proves nothing, and ends with 2', async () => {
  const events = sound.events.filter(({ kind }) => kind !== 'fault');
  const { code, said } = await replay({ ...sound, events });
  expect(code).toBe(2);
  expect(said).toContain('no fault struck');
});

test('a history with a violation is told with its story, and ends with 1', async () => {
  const { code, said, complaint } = await replay(insteadOf(tea.createdAgain, { ...tea.createdAgain, hash: 'another' }));
  expect({ code, complaint }).toEqual({ code: 1, complaint: '' });
  expect(said).toContain('create tea: there were 2 answers: answer to create tea, another');
  expect(said).toContain('at 0.110 s OK executed answer to create tea order id-tea');
  expect(said).toContain('at 0.201 s OK replayed another order id-tea');
  expect(said).toContain('fault redis-flushed: FLUSHALL');
  expect(said).toContain('in the end: the ledger has COMPLETED answer to create tea');
  expect(said).toMatch(/FAILED with 1 violations\n$/);
});

test('a file that is no history is refused with its line, and ends with 2', async () => {
  const file = join(folder, 'diary.txt');
  await writeFile(file, `${JSON.stringify(sound.run)}\nDear diary\n`);
  const { code, said, complaint } = await torture('--replay', file);
  expect({ code, said }).toEqual({ code: 2, said: '' });
  expect(complaint).toContain(`line 2 of ${file} is no part of a history`);
});

test('a file that is not there is refused with one sentence, and ends with 2', async () => {
  const { code, said, complaint } = await torture('--replay', join(folder, 'nowhere'));
  expect({ code, said }).toEqual({ code: 2, said: '' });
  expect(complaint).toMatch(/^\S+nowhere cannot be read: ENOENT[^\n]*\n$/);
});

test('a fault that there is not is refused with those that there are, and ends with 2', async () => {
  const { code, said, complaint } = await torture('--faults=earthquake');
  expect({ code, said }).toEqual({ code: 2, said: '' });
  expect(complaint).toContain('"earthquake" is no fault. There are: servers, redis');
});

test('what is judged again is not recorded again', async () => {
  const { code, complaint } = await torture('--replay=file', '--record=file');
  expect(code).toBe(2);
  expect(complaint).toContain('cannot be used with');
});
