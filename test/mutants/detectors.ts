import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flaws } from '../model/flaws.ts';
import { scopes } from '../model/scopes.ts';
import { search } from '../model/search.ts';
import type { Mutant } from './mutant.ts';

/** What looks for a planted bug. */
export type DetectorName = 'search' | 'sequences' | 'faults';

export interface Finding {
  readonly isFound: boolean;
  readonly seconds: number;
}

export interface Detector {
  readonly name: DetectorName;
  /** @returns undefined if there is nothing for it to look at */
  readonly look: (mutant: Mutant, tree: string, seed: string) => Promise<Finding | undefined>;
}

const RUN_LIMIT_MS = 5 * 60_000;
const FAULT_RUN_SECONDS = 20;

export const detectors: readonly Detector[] = [
  { name: 'search', look: async ({ flaw }) => (flaw === undefined ? undefined : timed(async () => searchFinds(flaw))) },
  { name: 'sequences', look: (_mutant, tree) => timed(() => fails(tree, 'sequences', SEQUENCES, /Property failed/)) },
  {
    name: 'faults',
    look: ({ faults }, tree, seed) => {
      const run = [
        'test/torture/main.ts',
        '--seconds',
        String(FAULT_RUN_SECONDS),
        '--rest',
        '1',
        '--seed',
        seed,
        '--faults',
        faults,
      ];
      return timed(() => fails(tree, 'faults', run, /: FAILED with \d+ violations/));
    },
  },
];

const SEQUENCES = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--bail',
  'test/integration/idempotency/sequences',
];

function searchFinds(flaw: NonNullable<Mutant['flaw']>): boolean {
  return search(scopes[flaws[flaw].foundIn], { flaws: new Set([flaw]) }).violation !== undefined;
}

/** Runs a program of Node in a tree. @returns whether it has found something, which its exit code says, and a sentence of its log */
async function fails(
  tree: string,
  name: string,
  programArguments: readonly string[],
  sentence: RegExp,
): Promise<boolean> {
  const logFile = join(tree, `${name}.log`);
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, programArguments, {
    cwd: tree,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  // The second signal is taken as the last word.
  const limits = [RUN_LIMIT_MS, RUN_LIMIT_MS + 1_000].map((limitMs) => setTimeout(() => child.kill(), limitMs));
  const [code] = await once(child, 'exit');
  for (const limit of limits) clearTimeout(limit);
  if (code === 0 || (code === 1 && sentence.test(await readFile(logFile, 'utf8')))) {
    return code === 1;
  }
  throw new Error(`${name} in ${tree} ended with ${code}, which proves nothing; see ${logFile}`);
}

async function timed(look: () => Promise<boolean>): Promise<Finding> {
  const startMs = performance.now();
  const isFound = await look();
  return { isFound, seconds: (performance.now() - startMs) / 1_000 };
}
