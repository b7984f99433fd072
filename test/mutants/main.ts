import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildVariant } from '../support/source-variant.ts';
import { allMutants, control } from './all-mutants.ts';
import { type DetectorName, detectors, type Finding } from './detectors.ts';
import type { Mutant } from './mutant.ts';

interface Options {
  readonly only?: readonly Mutant[];
  readonly all: boolean;
  readonly seed: string;
}

type Findings = ReadonlyMap<DetectorName, Finding>;

const options = new Command('torture:mutants')
  .description(
    'Plants one bug after the other in a copy of the source, and lets search, sequences and fault run look for it.',
  )
  .addOption(new Option('--only <names>', 'these mutants, separated by commas').argParser(readNames))
  .option('--all', 'let the fault run look, too, where the sequences have found it', false)
  .option('--seed <text>', 'of the fault runs', 'mutants')
  .parse()
  .opts<Options>();

const folder = await mkdtemp(join(tmpdir(), 'order-service-mutants-'));
const table = new Table({
  head: ['planted bug', ...detectors.map(({ name }) => name)],
  style: { head: [], border: [], compact: true },
});
const missed: string[] = [];

for (const mutant of [control, ...(options.only ?? allMutants)]) {
  const findings = await lookFor(mutant);
  const isFound = [...findings].some(([name, finding]) => name !== 'search' && finding.isFound);
  // Where nothing was planted, nothing is to be found.
  if (isFound === (mutant === control)) {
    missed.push(mutant.name);
  }
  const row = [mutant.name, ...detectors.map(({ name }) => inWords(findings.get(name)))];
  table.push(row);
  process.stdout.write(`${row.join(' · ')}\n`);
}

process.stdout.write(`${table.toString()}\n`);
process.stdout.write(missed.length === 0 ? 'every planted bug was found\n' : `judged wrongly: ${missed.join(', ')}\n`);
if (missed.length === 0) {
  await rm(folder, { recursive: true, force: true });
} else {
  process.stdout.write(`The copies and their logs are kept in ${folder}\n`);
}
process.exit(missed.length === 0 ? 0 : 1);

async function lookFor(mutant: Mutant): Promise<Findings> {
  const tree = await buildVariant(join(folder, mutant.name), mutant.changes);
  const findings = new Map<DetectorName, Finding>();
  for (const { name, look } of detectors) {
    const finding = await look(mutant, tree, options.seed);
    if (finding !== undefined) {
      findings.set(name, finding);
      // The search looks at the model and not at the copy: somebody has to find the bug there, too.
      if (finding.isFound && name !== 'search' && !options.all) {
        break;
      }
    }
  }
  return findings;
}

function inWords(finding: Finding | undefined): string {
  return finding === undefined ? '-' : `${finding.isFound ? 'found' : 'nothing'} in ${finding.seconds.toFixed(0)} s`;
}

function readNames(text: string): readonly Mutant[] {
  return text.split(',').map((name) => {
    const mutant = allMutants.find((known) => known.name === name);
    if (mutant === undefined) {
      const names = allMutants.map((known) => known.name).join(', ');
      throw new InvalidArgumentError(`${JSON.stringify(name)} is none of ${names}.`);
    }
    return mutant;
  });
}
