import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readPage } from './document-tables.ts';

// The museum's page, its tests, and the list of what was collected, held against each other.

const museum = fileURLToPath(new URL('../../museum/', import.meta.url));

/** What was collected: the letters are the sections, and numbers that are missing were never given. */
const collected = [
  ...numbered('K', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 17]),
  ...numbered('L', [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13]),
  ...numbered('S', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]),
  ...numbered('D', [1, 2, 3, 4, 5, 8, 9, 11, 12, 13]),
  ...numbered('C', [1, 2, 3, 4, 5, 6, 7]),
  ...numbered('R', [1, 2, 4, 5, 7, 8]),
  ...numbered('G', [1, 3, 4, 5, 6, 7, 8, 9, 10]),
  ...numbered('A', [1, 2, 3, 5, 6, 7, 8]),
  ...numbered('O', [1, 2, 3, 4]),
];

function numbered(section: string, numbers: readonly number[]): string[] {
  return numbers.map((number) => `${section}${number}`);
}

interface Row {
  readonly exhibit: string;
  readonly text: string;
  /** The test files that the row names, from the museum's folder. */
  readonly files: readonly string[];
  /** Whether the page says that the exhibit cannot apply. */
  readonly isNotApplicable: boolean;
}

const rows: readonly Row[] = [...readPage('museum.md').matchAll(/^\| ([A-Z]\d+) \|(.*)\|$/gm)].map(
  ([, exhibit = '', text = '']) => ({
    exhibit,
    text,
    files: Array.from(text.matchAll(/`(?:test\/museum\/)?([a-z0-9/-]+\.test\.ts)`/g), ([, file = '']) => file),
    isNotApplicable: /does not apply/.test(text),
  }),
);

/** The exhibits that a test file tells of: what the names of its tests begin with. */
function exhibitsIn(file: string): ReadonlySet<string> {
  const source = readFileSync(`${museum}${file}`, 'utf8');
  return new Set(Array.from(source.matchAll(/['"`]([A-Z]\d+) /g), ([, exhibit = '']) => exhibit));
}

const testFiles = globSync('**/*.test.ts', { cwd: museum });
const tested = new Set(testFiles.flatMap((file) => [...exhibitsIn(file)]));

test('the page has each exhibit that was collected, once', () => {
  expect(rows.map(({ exhibit }) => exhibit).sort()).toEqual(collected.toSorted());
});

test('each exhibit has a test whose name begins with its number, unless the page says why it does not apply', () => {
  expect(testFiles.length).toBeGreaterThan(20);
  const untested = rows.filter(({ exhibit, isNotApplicable }) => !isNotApplicable && !tested.has(exhibit));
  expect(untested.map(({ exhibit }) => exhibit)).toEqual([]);
});

test('each test of the museum is about an exhibit of the page', () => {
  const shown = new Set(rows.map(({ exhibit }) => exhibit));
  expect([...tested].filter((exhibit) => /^[KLSDRGAO]/.test(exhibit) && !shown.has(exhibit))).toEqual([]);
});

test.each(rows.filter(({ isNotApplicable }) => !isNotApplicable))(
  '$exhibit: the page names a file that has its test, and a source',
  ({ exhibit, text, files }) => {
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(testFiles).toContain(file);
      expect([file, [...exhibitsIn(file)].includes(exhibit)]).toEqual([file, true]);
    }
    expect(text).toMatch(/#\d+|https:\/\/|gRFC|proposal/);
  },
);
