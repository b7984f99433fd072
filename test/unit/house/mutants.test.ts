import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { allMutants } from '../../mutants/all-mutants.ts';
import { changed, type SourceChange } from '../../support/source-variant.ts';
import { readFaults } from '../../torture/faults/all-faults.ts';
import { changesOfEdition } from '../../torture/stage/editions.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** @throws if one of the changes finds no place, or more than one */
function expectPlaces(changes: readonly SourceChange[]): void {
  const texts = new Map<string, string>();
  for (const change of changes) {
    const before = texts.get(change.file) ?? readFileSync(`${root}/${change.file}`, 'utf8');
    const after = changed(before, change);
    expect(after).not.toBe(before);
    texts.set(change.file, after);
  }
}

test.each(allMutants)('the bug $name can be planted in the source as it is now', ({ changes, faults }) => {
  expectPlaces(changes);
  expect(readFaults(faults)).not.toHaveLength(0);
});

test('the next version that the fault run deploys can be made of the source as it is now', () => {
  expectPlaces(changesOfEdition(2));
});

test('each planted bug has a name of its own', () => {
  const names = allMutants.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(12);
});
