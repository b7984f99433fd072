import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readPage, tableIn } from '../unit/house/document-tables.ts';
import type { Finding } from './findings.ts';
import { type Flaw, flawNames, flaws, harmlessFlaws } from './flaws.ts';
import type { Promised } from './invariants.ts';
import { type ScopeName, scopeNames, scopes } from './scopes.ts';
import { search } from './search.ts';
import { stepNames } from './step-names.ts';

/** The whole search takes half a minute, on a busy machine more. */
const SEARCH_LIMIT_MS = 240_000;

/** So many states there are at least: a model from which something got lost has fewer. */
const statesMin: Readonly<Record<ScopeName, number>> = { two: 600_000, twoNarrow: 6_000, three: 500_000, calm: 250 };

let findings: readonly Finding[];

// In a process of its own: between the walls that Jest puts round a test, a search takes three times as long.
beforeAll(async () => {
  const script = fileURLToPath(new URL('./main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json']);
  findings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}, SEARCH_LIMIT_MS);

function findingOf(scope: ScopeName, flaw?: Flaw): Finding {
  const finding = findings.find((each) => each.scope === scope && each.flaw === flaw);
  if (finding === undefined) throw new Error(`nothing was searched in the scope ${scope} for ${flaw ?? 'no flaw'}`);
  return finding;
}

test.each(scopeNames)('P1, P2, P3 and P6 hold in every state that can be reached, in the scope `%s`', (name) => {
  const { states, isExhausted, violation } = findingOf(name);
  expect(violation).toBeUndefined();
  expect(isExhausted).toBe(true);
  expect(states).toBeGreaterThan(statesMin[name]);
});

/** Nobody asks again for a claim that is its own already: that reply of the script is for commands that arrive twice. */
const neverTaken = ['begin-own'];

test.each(['two', 'three', 'calm'] as const)('docs/model/README.md has the numbers of the search `%s`', (name) => {
  const { states, transitions } = findingOf(name);
  const [row] = tableIn(readPage('model/README.md'), 'What is looked at').filter(
    ([search]) => search === `\`${name}\``,
  );
  expect(row?.slice(3)).toEqual([states, transitions].map((count) => count.toLocaleString('en')));
});

test('every step of the model is taken in the searches, but for one', () => {
  const seen = new Set([...findingOf('two').stepsSeen, ...findingOf('three').stepsSeen]);
  expect(stepNames.filter((name) => !seen.has(name))).toEqual(neverTaken);
});

describe('a planted bug is found', () => {
  test.each(flawNames)('%s', (flaw) => {
    const { breaks, foundIn } = flaws[flaw];
    const { violation } = findingOf(foundIn, flaw);
    expect(violation?.promised).toBe(breaks);
    expect(violation?.story.length).toBeGreaterThan(1);
  });

  test('with the shortest story that leads to it', () => {
    expect(findingOf('two', 'unknownToldAsFailure').violation?.story).toEqual([
      'attempt 0 is called, with request a',
      'attempt 0 asks Redis, which has nothing, and claims the record',
      'attempt 0 has a handler that commits an answer',
      'attempt 0 loses its connection while it commits',
      'attempt 0 answers its caller',
    ]);
  });
});

describe('behind the primary key of the ledger, nothing that Redis does wrong reaches a caller', () => {
  const ignored = new Set<Promised>(['owner', 'waste']);

  test.each(harmlessFlaws)('%s breaks neither P1, P2, P3 nor P6', (flaw) => {
    const { isExhausted, violation } = search(scopes.twoNarrow, { flaws: new Set([flaw]), ignored });
    expect([isExhausted, violation]).toEqual([true, undefined]);
  });

  test('all of them together do not either', () => {
    const { isExhausted, violation } = search(scopes.twoNarrow, { flaws: new Set(harmlessFlaws), ignored });
    expect([isExhausted, violation]).toEqual([true, undefined]);
  });
});
