import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { OptionFault } from '../../../src/simulator/options.ts';
import type { History } from '../../torture/history.ts';
import { readHistory, writeHistory } from '../../torture/history-file.ts';
import { gone, historyOf, sound, soundWith } from './history-of.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-service-history-'));
  file = join(folder, 'history.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Why a file that has these lines is no history. */
async function complaintAbout(...lines: readonly string[]): Promise<string> {
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return await complaintOf(file);
}

async function complaintOf(path: string): Promise<string> {
  const error: unknown = await readHistory(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OptionFault);
  return error instanceof OptionFault ? error.message : '';
}

const head = JSON.stringify(sound.run);
const call = JSON.stringify(gone.refused);

test.each<[string, History]>([
  ['with an event of each kind', soundWith({ kind: 'deadKey', record: 'create mint', waitedMs: 15_000.5 })],
  ['in which nothing happened', historyOf([])],
])('a history %s is read as it was written', async (_what, history) => {
  await writeHistory(file, history);
  expect(await readHistory(file)).toStrictEqual(history);
});

test('a message may have every character that there is', async () => {
  const message = 'a\nb\r\nc\u2028d\u2029e\u0085f\u0000g"h\\i\ud83c\udf75j\ud800k\ufeffl';
  const history = historyOf([{ ...gone.refused, message }]);
  await writeHistory(file, history);
  expect(await readHistory(file)).toStrictEqual(history);
});

test('it is one JSON object a line, the run first', async () => {
  await writeHistory(file, sound);
  const lines = (await readFile(file, 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['run', ...sound.events.map(({ kind }) => kind)]);
});

test('more than passes through a stream at once is written and read', async () => {
  const history = historyOf(Array.from({ length: 2_000 }, (_, client) => ({ ...gone.refused, client })));
  await writeHistory(file, history);
  expect(await readHistory(file)).toStrictEqual(history);
});

test('an empty file is none', async () => {
  expect(await complaintAbout()).toBe(`${file} is empty; a history is what --record has written`);
});

test.each<[string, number, readonly string[]]>([
  ['text', 1, ['once upon a time']],
  ['a blank line before the run', 1, ['', head]],
  ['an event before the run', 1, [call]],
  ['a run without its seed', 1, ['{"kind":"run","seconds":90,"servers":3,"clients":32}']],
  ['a line that breaks off', 3, [head, call, call.slice(0, 30)]],
  ['a blank line', 3, [head, call, '', call]],
  ['a second run', 3, [head, call, head]],
  ['an event of no kind', 2, [head, '{"kind":"eclipse"}']],
  ['a number', 2, [head, '7']],
  ['a call without its hash', 2, [head, JSON.stringify({ ...gone.refused, hash: undefined })]],
  ['a time that is no number', 2, [head, JSON.stringify({ ...gone.refused, startMs: 'noon' })]],
  ['an order that is null', 2, [head, JSON.stringify({ ...gone.refused, orderId: null })]],
  ['an entry that is pending', 2, [head, JSON.stringify({ ...gone.entry, state: 'PENDING' })]],
])('%s is no part of one, and the line is named', async (_what, number, lines) => {
  expect(await complaintAbout(...lines)).toContain(`line ${number} of ${file} is no part of a history: `);
});

test('what is wrong with a line is named', async () => {
  expect(await complaintAbout(head, JSON.stringify({ ...gone.refused, isReplay: 'yes' }))).toContain('isReplay');
});

test('a file that is not there, and a folder, are none', async () => {
  const nowhere = join(folder, 'nowhere');
  expect(await complaintOf(nowhere)).toMatch(/^\S+nowhere cannot be read: .*ENOENT/);
  expect(await complaintOf(folder)).toMatch(/^\S+ cannot be read: .*EISDIR/);
});
