import { makeLoad, measureLoad } from './load/load-processes.ts';
import type { LoadPlan } from './load/messages.ts';
import type { BenchOptions } from './options.ts';
import type { Cell, Measurement } from './results.ts';
import type { ContestantProcess } from './stage/contestant-process.ts';
import { CpuMeter } from './stage/cpu-meter.ts';
import type { Stage } from './stage/stage.ts';

/** Channels of a client that has much to do; one is enough for one call. */
const CHANNELS_MAX = 4;
const ITEMS = 3;

export interface MeasureOptions {
  readonly stage: Stage;
  readonly servers: readonly ContestantProcess[];
  readonly options: BenchOptions;
  readonly cell: Cell;
  readonly round: number;
  readonly change?: Partial<LoadPlan>;
}

/** Measures one cell once. Calls that fail are told in the result. */
export async function measure({ stage, servers, options, cell, round, change }: MeasureOptions): Promise<Measurement> {
  const meter = new CpuMeter({
    server: servers.map(({ processId }) => processId),
    postgres: [stage.postgresProcessId],
    redis: [stage.redisProcessId],
  });
  const { shares, ...load } = await measureLoad(planOf(servers, options, cell, round, change), meter);
  const { server = 0, postgres = 0, redis = 0 } = shares;
  return { ...cell, round, load, cpu: { server, postgres, redis } };
}

/** Makes calls that are not measured: `callsMax` of them, or for `measureMs`. @throws if one of them fails */
export async function makeCalls(
  servers: readonly ContestantProcess[],
  options: BenchOptions,
  cell: Cell,
  change: Partial<LoadPlan>,
): Promise<void> {
  const patient = { warmUpMs: 0, measureMs: 24 * 60 * 60_000, ...change };
  const { failures } = await makeLoad(planOf(servers, options, cell, 0, patient), 1, new CpuMeter({}));
  if (Object.keys(failures).length > 0) {
    throw new Error(`calls of ${cell.contestant} have failed: ${JSON.stringify(failures)}`);
  }
}

function planOf(
  servers: readonly ContestantProcess[],
  { warmUpMs, measureMs }: BenchOptions,
  { contestant, scenario, inFlight }: Cell,
  round: number,
  change: Partial<LoadPlan> = {},
): LoadPlan {
  return {
    ports: servers.map(({ port }) => port),
    channels: Math.max(servers.length, Math.min(CHANNELS_MAX, inFlight)),
    inFlight,
    warmUpMs,
    measureMs,
    callsMax: Number.MAX_SAFE_INTEGER,
    items: ITEMS,
    keyPrefix: `${contestant}-${scenario}-${round}-${inFlight}`,
    keys: 'new',
    firstKey: 0,
    duplicateShare: 0,
    ...change,
  };
}
