import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { settings } from '../../../src/config/settings.ts';
import { limits } from '../../../src/orders/validation/draft-rule.ts';
import { namesIn, readPage, tableIn } from './document-tables.ts';

const page = readPage('limits.md');
const tables = ['How many at once', 'How large', 'What may be asked for', 'How long', 'Paces'].map((heading) => ({
  heading,
  rows: tableIn(page, heading),
}));

/** The settings that a cell names, each with the number in front of it. */
function numbersIn(cell = ''): [string, string][] {
  return [...cell.matchAll(/`(\d+)` \w+ \(`([A-Z_]+)`\)/g)].map(([, number = '', name = '']) => [name, number]);
}

test('the page has every setting that is a number, once, with its default', () => {
  // A number has a unit: it is a size, a time, or a number of something, and so it bounds something or is a pace.
  const numbers = settings.filter(({ unit }) => unit !== '').map((row) => [row.variable, row.default]);
  expect(numbers.length).toBeGreaterThan(30);
  const told = tables.flatMap(({ rows }) => rows.flatMap(([, number]) => numbersIn(number)));
  expect(told.map(([name]) => name).sort()).toEqual(numbers.map(([name]) => name).sort());
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(numbers));
});

test('the page has the limits of an order as the rules have them', () => {
  const numbers = tableIn(page, 'What may be asked for')
    .flatMap(([, number = '']) => number.match(/[\d,]+/g) ?? [])
    .map((number) => Number(number.replaceAll(',', '')));
  for (const limit of Object.values(limits)) expect(numbers).toContain(limit);
});

test.each(tables.filter(({ heading }) => heading !== 'Paces'))(
  'under “$heading” every limit has its tests, which are there',
  ({ rows }) => {
    expect(rows.length).toBeGreaterThan(5);
    for (const [limit, , overIt, tests] of rows) {
      const files = namesIn(tests).flatMap(filesOf);
      expect([limit, overIt]).toEqual([limit, expect.stringMatching(/./)]);
      expect([limit, files]).not.toEqual([limit, []]);
      for (const file of files) {
        expect([file, existsSync(new URL(`../../../${file}`, import.meta.url))]).toEqual([file, true]);
      }
    }
  },
);

/** `folder/{a,b}.test.ts` stands for two files. */
function filesOf(name: string): string[] {
  const [, before = '', names, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
  return names === undefined ? [name] : names.split(',').map((part) => `${before}${part}${after}`);
}
