import { Command } from 'commander';
import { type Finding, findings } from './findings.ts';
import { flaws } from './flaws.ts';
import { scopes } from './scopes.ts';

// `npm run model`: the whole search, and what it finds if a bug is planted.

const { json } = new Command('model')
  .description('Searches the model of the protocol to its end, and for each bug that can be planted.')
  .option('--json', 'one line of JSON for each search', false)
  .parse()
  .opts<{ readonly json: boolean }>();

const number = new Intl.NumberFormat('en').format;
const indented = (story: readonly string[]) => story.map((step) => `    ${step}`).join('\n');

for (const finding of findings()) {
  console.log(json ? JSON.stringify(finding) : inWords(finding));
  // A planted bug is to be found, and nothing else; who reads JSON judges for himself.
  if (!json && (finding.flaw === undefined) !== (finding.violation === undefined)) process.exitCode = 1;
}

function inWords({ scope, flaw, seconds, states, transitions, isExhausted, violation }: Finding): string {
  const took = `${seconds.toFixed(1)} s`;
  const found = violation && `  ${violation.promised} is broken: ${violation.text}\n${indented(violation.story)}`;
  if (flaw !== undefined) {
    return `\nif planted: ${flaw}, ${flaws[flaw].what} (${took})\n${found ?? '  not found'}`;
  }
  const calm = isExhausted ? '  all of them looked at, nothing is broken' : '  not all of them looked at';
  return `${scopes[scope].words}: ${number(states)} states, ${number(transitions)} transitions in ${took}\n${found ?? calm}`;
}
