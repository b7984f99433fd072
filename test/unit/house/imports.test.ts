import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { cruise } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { forbidden, options } from './import-rules.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('no room imports what it must not, and nothing imports in a circle', async () => {
  const { output } = await cruise(
    ['src', 'diagrams'],
    { ...options, ruleSet: { forbidden: [...forbidden] }, validate: true, baseDir: root },
    undefined,
    {
      tsConfig: extractTsConfig(`${root}tsconfig.json`),
    },
  );
  if (typeof output === 'string') {
    throw new TypeError('the cruise gave a report, not its result');
  }
  const { violations, totalCruised } = output.summary;
  expect(violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  // Without a compiler that it can use, the tool sees no file at all, and finds no fault with that.
  const sources = ['src', 'diagrams']
    .flatMap((folder) => readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }))
    .filter((name) => name.endsWith('.ts'));
  expect(totalCruised).toBeGreaterThan(sources.length);
});
