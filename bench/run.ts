import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ContestantName, contestantNames, contestants } from './contestants.ts';
import { fillDatabase, fillRedis } from './fill.ts';
import { killAfterCommit } from './kill-test.ts';
import { makeCalls, measure } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Measurement, Results } from './results.ts';
import { type ContestantProcess, startContestant } from './stage/contestant-process.ts';
import type { Stage } from './stage/stage.ts';
import { VARIANT_IN_FLIGHT, type Variant, type VariantName, variants } from './variants.ts';

/** So many known keys are replayed, again and again. */
const REPLAYED_KEYS = 2_000;
const WARM_UP_IN_FLIGHT = 64;
const FEW_CALLS = 10_000;
const KIBIBYTE = 1_024;

export interface RunOptions {
  readonly options: BenchOptions;
  readonly stage: Stage;
  readonly say: (what: string) => void;
}

/** Contestants whose answers can be replayed. */
const replaying: readonly ContestantName[] = ['powertools', 'nodeIdempotency', 'dbos', 'ours'];
const killed: readonly ContestantName[] = ['plain', ...replaying];

/** Kills those who can be killed; lets all contestants run in turn, as often as there are rounds; looks at the memory. */
export async function runAll(run: RunOptions): Promise<Pick<Results, 'measurements' | 'kills' | 'memory'>> {
  const { options, stage, say } = run;
  say('some are killed after their commits');
  const kills = await Promise.all(killed.map((contestant) => killAfterCommit(contestant, stage)));
  await stage.emptyRedis();
  const measurements: Measurement[] = [];
  const filledDatabase = fillOnce(run);
  const { rounds } = options;
  for (let round = 1; round <= rounds; round += 1) {
    // Who comes behind whom may matter: each round begins with another one.
    for (const contestant of rotated(contestantNames, round)) {
      say(`round ${round} of ${rounds}: ${contestants[contestant].title}`);
      measurements.push(...(await runContestant(contestant, round, run)));
    }
    for (const variant of rotated(options.variants, round)) {
      say(`round ${round} of ${rounds}: ${variants[variant].title}`);
      measurements.push(await runVariant(variant, round, run, filledDatabase));
    }
  }
  return { measurements, kills, memory: await measureMemory(run) };
}

/** Fills a database when it is first asked for; it serves all rounds. */
function fillOnce({ options, stage, say }: RunOptions): () => Promise<string> {
  let filled: Promise<string> | undefined;
  const fill = async () => {
    say(`filling a database with ${options.records} records`);
    const databaseUrl = await stage.createDatabase();
    await fillDatabase(databaseUrl, options.records);
    return databaseUrl;
  };
  return () => {
    filled ??= fill();
    return filled;
  };
}

/** @param round from 1 */
function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const from = (round - 1) % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}

async function runContestant(
  contestant: ContestantName,
  round: number,
  { options, stage }: RunOptions,
): Promise<readonly Measurement[]> {
  return await withServers({ stage, contestant, options }, async (servers) => {
    const measurements: Measurement[] = [];
    for (const inFlight of options.createInFlight) {
      const cell = { contestant, scenario: 'create', inFlight };
      measurements.push(await measure({ stage, servers, options, round, cell }));
    }
    if (replaying.includes(contestant)) {
      const change = { keys: REPLAYED_KEYS, keyPrefix: 'known' };
      const filling = { contestant, scenario: 'known', inFlight: WARM_UP_IN_FLIGHT };
      await makeCalls(servers, options, filling, { ...change, callsMax: REPLAYED_KEYS });
      for (const inFlight of options.replayInFlight) {
        const cell = { contestant, scenario: 'replay', inFlight };
        measurements.push(await measure({ stage, servers, options, round, cell, change }));
      }
    }
    return measurements;
  });
}

async function runVariant(
  name: VariantName,
  round: number,
  { options, stage }: RunOptions,
  filledDatabase: () => Promise<string>,
): Promise<Measurement> {
  const { contestant = 'ours', items, duplicateShare, hasRecords = false, ...conditions }: Variant = variants[name];
  const cell = { contestant: name, scenario: 'create', inFlight: VARIANT_IN_FLIGHT };
  const change = { ...(items !== undefined && { items }), ...(duplicateShare !== undefined && { duplicateShare }) };
  const filled = hasRecords ? { databaseUrl: await filledDatabase(), records: options.records } : {};
  return await withServers({ ...conditions, ...filled, stage, contestant, options }, (servers) =>
    measure({ stage, servers, options, round, cell, change }),
  );
}

interface Conditions extends Pick<Variant, 'settings' | 'hasRedis' | 'servers'> {
  readonly stage: Stage;
  readonly contestant: ContestantName;
  readonly options: BenchOptions;
  /** Of a database that is there already; default: a new one, which is removed afterwards. */
  readonly databaseUrl?: string;
  /** So many are put into Redis beforehand. */
  readonly records?: number;
}

/** Starts servers on their database, warms them up, and ends them afterwards. */
async function withServers<T>(
  { stage, contestant, options, settings = {}, hasRedis = true, servers: count = 1, records = 0, ...given }: Conditions,
  work: (servers: readonly ContestantProcess[]) => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const databaseUrl = given.databaseUrl ?? (await stage.createDatabase());
  if (given.databaseUrl === undefined) {
    stack.defer(() => stage.dropDatabase(databaseUrl));
  }
  // Behind the ends of the servers, which may still have something to write.
  stack.defer(() => stage.emptyRedis());
  if (records > 0) {
    await fillRedis(stage.redisUrl, records);
    // What was filled in is on the disk before anything is measured: to drop a database is to make a checkpoint.
    await stage.dropDatabase(await stage.createDatabase());
  }
  const redisUrl = hasRedis ? stage.redisUrl : NOWHERE;
  const servers: ContestantProcess[] = [];
  for (let index = 0; index < count; index += 1) {
    servers.push(stack.use(await startContestant(contestant, { databaseUrl, redisUrl, settings })));
  }
  const warmUp = { contestant, scenario: 'warm-up', inFlight: WARM_UP_IN_FLIGHT };
  await makeCalls(servers, options, warmUp, {
    measureMs: options.serverWarmUpMs,
    keyPrefix: `warm-up-${randomUUID()}`,
  });
  return await work(servers);
}

/** Nothing listens there (port 1, tcpmux): Redis is configured, and gone. */
const NOWHERE = 'redis://127.0.0.1:1';

async function measureMemory({ options, stage, say }: RunOptions): Promise<Results['memory']> {
  const { memoryCalls } = options;
  if (memoryCalls === undefined || process.platform !== 'linux') {
    return undefined;
  }
  return await withServers({ stage, contestant: 'ours', options }, async (servers) => {
    const cell = { contestant: 'ours', scenario: 'memory', inFlight: 64 };
    const makeSome = (callsMax: number, keyPrefix: string) =>
      makeCalls(servers, options, cell, { callsMax, keyPrefix });
    say(`memory after ${FEW_CALLS} calls`);
    await makeSome(FEW_CALLS, 'few');
    const fewBytes = await residentBytes(servers);
    say(`memory after ${memoryCalls} calls`);
    await makeSome(memoryCalls - FEW_CALLS, 'many');
    return { fewCalls: FEW_CALLS, fewBytes, manyCalls: memoryCalls, manyBytes: await residentBytes(servers) };
  });
}

async function residentBytes(servers: readonly ContestantProcess[]): Promise<number> {
  const [server] = servers;
  const text = await readFile(`/proc/${server?.processId}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * KIBIBYTE;
}
