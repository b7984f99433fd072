import { status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { isFinalFailure } from '../../../src/idempotency/classify-status.ts';
import { scriptNames, scriptText } from '../../../src/idempotency/redis/scripts.ts';
import { statusTable } from '../../../src/transport/status-table.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('protocol.md');
const tableUnder = (heading: string) => tableIn(page, heading);

test('the page has a reply of a script exactly where the contract of the script has it', () => {
  const rows = tableUnder('Scripts ⚙');
  for (const name of scriptNames) {
    const own = rows.filter(([script]) => namesIn(script).includes(name));
    const told = new Set(own.flatMap(([, , , replies]) => outcomesIn(replies)));
    expect([name, [...told].sort()]).toEqual([name, [...outcomesOf(scriptText(name))].sort()]);
  }
});

function outcomesIn(cell = ''): string[] {
  return [...cell.matchAll(/\b[A-Z]+(?:_[A-Z]+)?\b(?! [a-z]*$)/g)]
    .map(([word]) => word)
    .filter((word) => !['FRESH', 'OWN', 'TAKEOVER', 'PENDING', 'SETTLED'].includes(word));
}

function outcomesOf(lua: string): Set<string> {
  const [, contract = ''] = lua.split('with one of these outcomes:');
  const lines = contract.split('\n').filter((line) => /^-- {3}[A-Z]/.test(line));
  return new Set(lines.map((line) => /[A-Z_]+/.exec(line)?.[0] ?? ''));
}

test('the page keeps the failures that the code keeps, and names every status', () => {
  const rows = tableUnder('Which failures are kept ⚙');
  const told = new Map(
    rows.flatMap(([names, key = '']) => namesIn(names).map((name) => [name, key.includes('is spent')])),
  );
  const codes = Object.values(status).filter((code): code is status => typeof code === 'number' && code !== status.OK);
  expect(Object.fromEntries(told)).toEqual(
    Object.fromEntries(codes.map((code) => [status[code], isFinalFailure(code)])),
  );
});

test('the page has every reason, with its domain and status', () => {
  const rows = tableUnder('Reasons ⚙').map((cells) => cells.flatMap((cell) => namesIn(cell)));
  const table = Object.entries(statusTable).map(([reason, { code, domain }]) => [reason, domain, status[code]]);
  expect(rows).toEqual(table);
});
