import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Command, Option } from 'commander';
import { option } from '../../src/commands/option.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { OptionFault, seed, wholeNumber } from '../../src/simulator/options.ts';
import { allFaults, readFaults } from './faults/all-faults.ts';
import type { Fault } from './faults/fault.ts';
import type { History } from './history.ts';
import { readHistory, writeHistory } from './history-file.ts';
import { judge } from './judge/judge.ts';
import type { TortureOptions } from './options.ts';
import { renderReport } from './report.ts';
import { torture } from './torture.ts';

interface ParsedOptions {
  readonly seconds: number;
  readonly servers: number;
  readonly clients: number;
  readonly rest: number;
  readonly seed?: string;
  readonly faults?: readonly Fault[];
  readonly record?: string;
  readonly replay?: string;
}

const program = new Command('torture')
  .description(
    'Kills, freezes and starves servers, Redis and PostgreSQL under load, and judges what callers lived against the database.',
  )
  .addOption(option('--seconds <seconds>', 'how long, from 5 to 7200', wholeNumber(5, 7_200)).default(90))
  .addOption(option('--servers <number>', 'server processes, from 2 to 9', wholeNumber(2, 9)).default(3))
  .addOption(option('--clients <number>', 'clients at once, from 1 to 500', wholeNumber(1, 500)).default(32))
  .addOption(option('--seed <text>', 'everything random comes from it; a new one unless given', seed))
  .addOption(option('--faults <list>', 'names or lanes, separated by commas; all unless given', readFaults))
  .addOption(
    option('--rest <seconds>', 'between two faults of a lane, on average, from 0 to 600', wholeNumber(0, 600)).default(
      5,
    ),
  )
  .option('--record <file>', 'write the history, one JSON object a line')
  .addOption(new Option('--replay <file>', 'judge a history again, and run nothing').conflicts(['record', 'faults']))
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

process.exit(await main(program.parse().opts<ParsedOptions>()));

/** @returns 0 only if nothing was found; 1 if something was; 2 if there is nothing to judge */
async function main({ replay, ...parsed }: ParsedOptions): Promise<0 | 1 | 2> {
  try {
    if (replay !== undefined) {
      return verdict(await readHistory(replay));
    }
    const { seed: chosenSeed = String(randomInt(1_000_000_000)), faults = allFaults, record, rest, ...size } = parsed;
    return await run({ ...size, seed: chosenSeed, faults, restSeconds: rest, record });
  } catch (error) {
    const isExpected =
      error instanceof Error && ['OptionFault', 'SimulatorError', 'EmbeddedError'].includes(error.name);
    process.stderr.write(`${isExpected ? error.message : inspect(error)}\n`);
    return 2;
  }
}

async function run(options: TortureOptions): Promise<0 | 1 | 2> {
  if (options.record !== undefined) {
    await makeWritable(options.record);
  }
  const folder = await mkdtemp(join(tmpdir(), 'order-service-torture-'));
  const logFolder = join(folder, 'logs');
  await mkdir(logFolder);
  const over = new AbortController();
  let isCutShort = false;
  const cutShort = () => {
    if (isCutShort) {
      // The second one: what was started is ended by its own handlers of `exit` and `disconnect`.
      process.exit(2);
    }
    isCutShort = true;
    over.abort();
  };
  process.on('SIGINT', cutShort).on('SIGTERM', cutShort);
  let history: History;
  {
    await using stack = new AsyncDisposableStack();
    history = await torture({ options, environment: readEnvironment(), folder, logFolder, stack, over });
  }
  const exitCode = verdict(history);
  if (options.record !== undefined) {
    await writeHistory(options.record, history);
  }
  if (exitCode === 0) {
    await rm(folder, { recursive: true, force: true });
  } else {
    process.stderr.write(`The logs of the servers are kept in ${logFolder}\n`);
  }
  if (exitCode === 0 && isCutShort) {
    process.stderr.write(`The run was ended early: it is no run of ${options.seconds} s\n`);
    return 2;
  }
  return exitCode;
}

/** Where a history cannot be written, that is told before the run, and not when all is over. */
async function makeWritable(file: string): Promise<void> {
  try {
    await writeFile(file, '');
  } catch (error) {
    throw new OptionFault(`--record ${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

function verdict(history: History): 0 | 1 | 2 {
  const violations = judge(history);
  process.stdout.write(`${renderReport(history, violations)}\n`);
  if (violations.length === 0) {
    return 0;
  }
  return violations.every(({ kind }) => kind === 'nothingProven') ? 2 : 1;
}
