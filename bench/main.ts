import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type BenchOptions, fullRun, quickRun } from './options.ts';
import { renderReport } from './report.ts';
import { type Results, resultsRule } from './results.ts';
import { runAll } from './run.ts';
import { buildStage, serverSettings } from './stage/stage.ts';
import { writePage } from './write-page.ts';

const GIBIBYTE = 1_024 ** 3;

await new Command('bench')
  .description(
    'Measures the service beside what it is to beat, in one run: speeds, their ratios, and what is left after a kill.',
  )
  .option('--quick', 'a run of three minutes', false)
  .option('--page <file>', 'no run: draw docs/performance.md from the results in this file')
  .action(async ({ quick, page }: { readonly quick: boolean; readonly page?: string }) => {
    const results = page === undefined ? await run(quick ? quickRun : fullRun) : await read(page);
    if (!results.isQuick) {
      await writePage(results);
    }
    process.stdout.write(`${renderReport(results)}\n`);
  })
  .parseAsync();

/** Runs everything, and keeps the results in a file. After a signal nothing is kept, and nothing left behind. */
async function run(options: BenchOptions): Promise<Results> {
  const stopped = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  const beganAt = new Date();
  const beganAtMs = performance.now();
  const elapsedSeconds = () => Math.round((performance.now() - beganAtMs) / 1_000);
  const say = (what: string) => process.stderr.write(`${String(elapsedSeconds()).padStart(5)} s ${what}\n`);
  const packages = await readVersions();
  const commit = git('describe', '--always', '--dirty');
  await using stack = new AsyncDisposableStack();
  const stage = await buildStage(stack, say);
  const measured = await Promise.race([runAll({ options, stage, say }), stopped.then(() => undefined)]);
  if (measured === undefined) {
    say('stopped: nothing is kept');
    await stack.disposeAsync();
    process.exit(1);
  }
  const results: Results = {
    beganAt: beganAt.toISOString(),
    tookSeconds: elapsedSeconds(),
    isQuick: options.isQuick,
    commit,
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '',
      memoryGiB: Math.round(totalmem() / GIBIBYTE),
      system: `${type()} ${release()}`,
    },
    versions: { Node: process.versions.node, ...stage.versions, ...packages },
    settings: serverSettings,
    records: options.records,
    ...measured,
  };
  say(`kept in ${await keep(results)}`);
  return results;
}

async function read(file: string): Promise<Results> {
  return resultsRule.parse(JSON.parse(await readFile(file, 'utf8')));
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

/** Of those who are measured, and what they stand on. */
async function readVersions(): Promise<Readonly<Record<string, string>>> {
  const [ours, peers] = await Promise.all(['../package.json', './package.json'].map(dependenciesIn));
  const names = ['@grpc/grpc-js', '@mikro-orm/core', 'graphile-worker', 'ioredis', 'pg'];
  return { ...Object.fromEntries(names.map((name) => [name, ours?.[name] ?? ''])), ...peers };
}

async function dependenciesIn(path: string): Promise<Readonly<Record<string, string>>> {
  const { dependencies } = JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));
  return dependencies;
}

async function keep(results: Results): Promise<string> {
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  const name = results.isQuick ? 'quick.json' : `${results.beganAt.slice(0, 16).replaceAll(':', '')}.json`;
  const file = new URL(name, folder);
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return fileURLToPath(file);
}
