import { expect, test } from '@jest/globals';
import { allMutants } from '../../mutants/all-mutants.ts';
import { allFaults } from '../../torture/faults/all-faults.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('proof.md');

test('the page has every fault of the fault run', () => {
  expect(tableIn(page, 'Faults ⚙').map(([fault]) => namesIn(fault)[0])).toEqual(allFaults.map(({ name }) => name));
});

test('the page has every planted bug', () => {
  const rows = tableIn(page, 'Planted bugs ⚙').map(([bug, what]) => [namesIn(bug)[0], what]);
  expect(rows).toEqual(allMutants.map(({ name, what }) => [name, what]));
});
