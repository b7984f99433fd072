import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { namesIn, readPage, tableIn } from '../unit/house/document-tables.ts';
import { flawNames, harmlessFlaws } from './flaws.ts';
import { scopes } from './scopes.ts';
import { stepNames } from './step-names.ts';

// docs/model/README.md has every step of the model, and where each is in the code.

const page = readPage('model/README.md');
const rows = tableIn(page, 'The steps');
const stepsOf = (chosen: readonly string[][]) => chosen.flatMap(([steps]) => namesIn(steps)).sort();

test('the page has every step once', () => {
  expect(stepsOf(rows)).toEqual([...stepNames].sort());
});

test('the page marks the steps that the model for Spin has', () => {
  const source = readFileSync(new URL('../../docs/model/idempotency.pml', import.meta.url), 'utf8');
  const named = new Set([...source.matchAll(/\/\* ([a-z]+(?:-[a-z]+)*) \*\//g)].map(([, name]) => name ?? ''));
  expect(stepsOf(rows.filter(([, spin]) => spin === '✓'))).toEqual([...named].sort());
});

test('what the page names in the repository is there', () => {
  const paths = [...page.matchAll(/`((?:src|test|docs)\/[^`]+)`/g)].map(([, path]) => path ?? '');
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
});

test('what the page names in a file is in it', () => {
  const missing = rows.flatMap(([, , , code = '']) =>
    code.split(';').flatMap((part) => {
      const [path = '', ...names] = namesIn(part);
      const text = path.startsWith('src/') ? readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8') : '';
      return names.filter((name) => !name.startsWith('src/') && !text.includes(name)).map((name) => `${path} ${name}`);
    }),
  );
  expect(missing).toEqual([]);
});

test('the page has the searches, and knows how many bugs break nothing', () => {
  const searches = tableIn(page, 'What is looked at').flatMap(([name]) => namesIn(name));
  const known: readonly string[] = Object.keys(scopes);
  expect(searches.filter((name) => !known.includes(name))).toEqual([]);
  expect(page).toContain('Five of them break no promise');
  expect([harmlessFlaws.length, flawNames.length]).toEqual([5, 17]);
});
