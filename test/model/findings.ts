import { type Flaw, type FlawFacts, flawNames, flaws, noFlaws } from './flaws.ts';
import type { Promised } from './invariants.ts';
import { type ScopeName, scopeNames, scopes } from './scopes.ts';
import { type SearchResult, search } from './search.ts';
import { inWords, type StepName } from './step-names.ts';

/** What one search has come to, in a form that goes from process to process. */
export interface Finding {
  readonly scope: ScopeName;
  /** What was planted; undefined: nothing. */
  readonly flaw: Flaw | undefined;
  readonly seconds: number;
  readonly states: number;
  readonly transitions: number;
  readonly isExhausted: boolean;
  readonly stepsSeen: readonly StepName[];
  readonly violation:
    | { readonly promised: Promised; readonly text: string; readonly story: readonly string[] }
    | undefined;
}

/** Searches every scope to its end, and then for each bug that can be planted, one after the other. */
export function* findings(): Generator<Finding> {
  for (const scope of scopeNames) yield findingOf(scope);
  for (const flaw of flawNames) {
    const { foundIn }: FlawFacts = flaws[flaw];
    yield findingOf(foundIn, flaw);
  }
}

function findingOf(scope: ScopeName, flaw?: Flaw): Finding {
  const startedMs = performance.now();
  const result = search(scopes[scope], { flaws: flaw === undefined ? noFlaws : new Set([flaw]) });
  const seconds = (performance.now() - startedMs) / 1_000;
  return { scope, flaw, seconds, ...result, stepsSeen: [...result.stepsSeen], violation: told(result) };
}

function told({ violation }: SearchResult): Finding['violation'] {
  if (violation === undefined) return undefined;
  const { promised, text, trace } = violation;
  return { promised, text, story: trace.map(inWords) };
}
