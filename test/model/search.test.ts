import { describe, expect, test } from '@jest/globals';
import { readPage, tableIn } from '../unit/house/document-tables.ts';
import { type Flaw, flawNames, flaws, harmlessFlaws } from './flaws.ts';
import type { Promised } from './invariants.ts';
import { type ScopeName, scopes } from './scopes.ts';
import { type SearchResult, search } from './search.ts';
import { inWords, stepNames } from './step-names.ts';

/** A search of so many states takes some seconds, on a busy machine many. */
const SEARCH_LIMIT_MS = 240_000;

/** So many states there are at least: a model from which something got lost has fewer. */
const statesMin: Readonly<Record<ScopeName, number>> = { two: 600_000, twoNarrow: 6_000, three: 500_000, calm: 250 };

const results = new Map<ScopeName, SearchResult>();

function resultOf(name: ScopeName): SearchResult {
  const result = results.get(name) ?? search(scopes[name]);
  results.set(name, result);
  return result;
}

const scopeNames = ['calm', 'twoNarrow', 'two', 'three'] as const satisfies ScopeName[];

test.each(scopeNames)(
  'P1, P2, P3 and P6 hold in every state that can be reached, in the scope `%s`',
  (name) => {
    const { states, isExhausted, violation } = resultOf(name);
    expect(violation === undefined ? [] : [violation.text, ...violation.trace.map(inWords)]).toEqual([]);
    expect(isExhausted).toBe(true);
    expect(states).toBeGreaterThan(statesMin[name]);
  },
  SEARCH_LIMIT_MS,
);

/** Nobody asks again for a claim that is its own already: that reply of the script is for commands that arrive twice. */
const neverTaken = ['begin-own'];

test.each(['two', 'three', 'calm'] as const)(
  'docs/model/README.md has the numbers of the search `%s`',
  (name) => {
    const { states, transitions } = resultOf(name);
    const [row] = tableIn(readPage('model/README.md'), 'What is looked at').filter(
      ([search]) => search === `\`${name}\``,
    );
    expect(row?.slice(3)).toEqual([states, transitions].map((count) => count.toLocaleString('en')));
  },
  SEARCH_LIMIT_MS,
);

test(
  'every step of the model is taken in the searches, but for one',
  () => {
    const seen = new Set([...resultOf('two').stepsSeen, ...resultOf('three').stepsSeen]);
    expect(stepNames.filter((name) => !seen.has(name))).toEqual(neverTaken);
  },
  2 * SEARCH_LIMIT_MS,
);

describe('a planted bug is found', () => {
  test.each(flawNames)(
    '%s',
    (flaw) => {
      const { breaks, foundIn } = flaws[flaw];
      const { violation } = search(scopes[foundIn], { flaws: new Set([flaw]) });
      expect(violation?.promised).toBe(breaks);
      expect(violation?.trace.length).toBeGreaterThan(1);
    },
    SEARCH_LIMIT_MS,
  );

  test('with the shortest story that leads to it', () => {
    const { violation } = search(scopes.two, { flaws: new Set<Flaw>(['unknownToldAsFailure']) });
    expect(violation?.trace.map(inWords)).toEqual([
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
