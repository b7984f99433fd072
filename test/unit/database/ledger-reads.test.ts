import { expect, test } from '@jest/globals';
import type { PreparedStatement } from '../../../src/database/database.ts';
import { LedgerReads } from '../../../src/database/ledger-reads.ts';

const MEMORY_MS = 1_000;

const row = {
  fingerprint: Buffer.from('aa', 'hex'),
  fingerprint_version: 1,
  state: 'COMPLETED',
  stored_form: 1,
  response: Buffer.from('answer'),
  status_code: null,
  status_message: null,
  status_details: null,
  trace_parent: null,
  age: 'live',
  time_left_ms: '60000',
};

function idOf(index: number): string {
  return index.toString(16).padStart(4, '0');
}

/** A database that has the rows of these ids. */
function databaseWith(rows: Readonly<Record<string, object>>) {
  const asked: string[][] = [];
  const readPrepared = async ({ values: [ids] }: PreparedStatement) => {
    const texts = Array.isArray(ids) ? ids.map((id: Buffer) => id.toString('hex')) : [];
    asked.push(texts);
    return texts.flatMap((id) => (rows[id] === undefined ? [] : [{ id, ...rows[id] }]));
  };
  return { asked, reads: new LedgerReads({ readPrepared }, MEMORY_MS) };
}

test('what is asked in one turn is one statement, and each gets its own row', async () => {
  const { asked, reads } = databaseWith({ [idOf(1)]: row, [idOf(3)]: { ...row, response: Buffer.from('other') } });
  const ids = [idOf(3), idOf(2), idOf(1), idOf(3)];
  const entries = await Promise.all(ids.map((id) => reads.read(id)));
  expect(entries.map((entry) => entry?.outcome)).toEqual([
    { kind: 'completed', response: Buffer.from('other') },
    undefined,
    { kind: 'completed', response: Buffer.from('answer') },
    { kind: 'completed', response: Buffer.from('other') },
  ]);
  expect(asked).toEqual([ids]);
});

test('a row is read anew each time', async () => {
  const { asked, reads } = databaseWith({});
  await reads.read(idOf(1));
  await reads.read(idOf(1));
  expect(asked).toEqual([[idOf(1)], [idOf(1)]]);
});

test('not more than 16 rows, which may have large answers, are read together', async () => {
  const { asked, reads } = databaseWith({});
  await Promise.all(Array.from({ length: 40 }, (_, index) => reads.read(idOf(index))));
  expect(asked.map(({ length }) => length)).toEqual([16, 16, 8]);
});

test('a row that breaks its own rules fails whoever asked for it, and nobody else', async () => {
  const broken = [
    { ...row, response: null },
    { ...row, state: 'PENDING' },
  ];
  const { reads } = databaseWith({ [idOf(0)]: row, [idOf(1)]: broken[0] ?? {}, [idOf(2)]: broken[1] ?? {} });
  const results = await Promise.allSettled([0, 1, 2].map((index) => reads.read(idOf(index))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
});

test('a database that does not answer fails all who asked', async () => {
  const fault = new Error('gone');
  const reads = new LedgerReads({ readPrepared: () => Promise.reject(fault) }, MEMORY_MS);
  const results = await Promise.allSettled([0, 1].map((index) => reads.read(idOf(index))));
  expect(results).toEqual([0, 1].map(() => ({ status: 'rejected', reason: fault })));
});
