import { flawNames, flaws } from './flaws.ts';
import { scopes } from './scopes.ts';
import { type SearchResult, search } from './search.ts';
import { inWords } from './step-names.ts';

// `npm run model`: the whole search, and what it finds if a bug is planted.

const number = new Intl.NumberFormat('en').format;

function timed(look: () => SearchResult): { readonly result: SearchResult; readonly seconds: string } {
  const startedMs = performance.now();
  const result = look();
  return { result, seconds: ((performance.now() - startedMs) / 1_000).toFixed(1) };
}

for (const scope of Object.values(scopes)) {
  const { result, seconds } = timed(() => search(scope));
  const { states, transitions, isExhausted, violation } = result;
  console.log(`${scope.words}: ${number(states)} states, ${number(transitions)} transitions in ${seconds} s`);
  if (violation !== undefined) {
    process.exitCode = 1;
    console.log(`  ${violation.promised} is broken: ${violation.text}`);
    console.log(violation.trace.map((step) => `    ${inWords(step)}\n`).join(''));
  } else {
    console.log(isExhausted ? '  all of them looked at, nothing is broken' : '  not all of them looked at');
  }
}

console.log('\nIf a bug is planted:');
for (const flaw of flawNames) {
  const { what, foundIn } = flaws[flaw];
  const { result, seconds } = timed(() => search(scopes[foundIn], { flaws: new Set([flaw]) }));
  const { violation } = result;
  console.log(`\n${flaw}: ${what}`);
  if (violation === undefined) {
    process.exitCode = 1;
    console.log(`  not found (${seconds} s)`);
  } else {
    console.log(`  ${violation.promised} is broken (${seconds} s): ${violation.text}`);
    console.log(violation.trace.map((step) => `    ${inWords(step)}`).join('\n'));
  }
}
