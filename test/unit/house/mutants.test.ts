import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { allMutants } from '../../mutants/all-mutants.ts';
import { changed } from '../../support/source-variant.ts';
import { readFaults } from '../../torture/faults/all-faults.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test.each(allMutants)('the bug $name can be planted in the source as it is now', ({ changes, faults }) => {
  const texts = new Map<string, string>();
  for (const change of changes) {
    const before = texts.get(change.file) ?? readFileSync(`${root}/${change.file}`, 'utf8');
    const after = changed(before, change);
    expect(after).not.toBe(before);
    texts.set(change.file, after);
  }
  expect(readFaults(faults)).not.toHaveLength(0);
});

test('each planted bug has a name of its own', () => {
  const names = allMutants.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(12);
});
