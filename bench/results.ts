import { z } from 'zod';
import { loadResultRule } from './load/messages.ts';

/** One measurement: a contestant under a load, once. */
export const measurementRule = z.object({
  contestant: z.string(),
  scenario: z.string(),
  inFlight: z.number(),
  round: z.number(),
  load: loadResultRule.extend({ processes: z.number(), isLimit: z.boolean() }),
  /** Shares of one CPU. */
  cpu: z.object({ server: z.number(), postgres: z.number(), redis: z.number() }),
});
export type Measurement = z.output<typeof measurementRule>;

/** What became of an order whose process was killed right after its commit. */
export const killRule = z.object({
  contestant: z.string(),
  orders: z.number(),
  /** How long after the kill a retry was answered with OK; undefined: not within the limit. */
  answeredAfterMs: z.number().optional(),
});
export type Kill = z.output<typeof killRule>;

/** A run, as it is kept in a file. */
export const resultsRule = z.object({
  beganAt: z.string(),
  tookSeconds: z.number(),
  isQuick: z.boolean(),
  commit: z.string(),
  machine: z.object({ cpus: z.number(), model: z.string(), memoryGiB: z.number(), system: z.string() }),
  /** Of programs and packages, by name. */
  versions: z.record(z.string(), z.string()),
  /** Settings of the servers that everybody uses, by the name of the server. */
  settings: z.record(z.string(), z.record(z.string(), z.string())),
  /** How many were there already, where that is what was measured. */
  records: z.number(),
  measurements: z.array(measurementRule),
  kills: z.array(killRule),
  memory: z
    .object({ fewCalls: z.number(), fewBytes: z.number(), manyCalls: z.number(), manyBytes: z.number() })
    .optional(),
});
export type Results = z.output<typeof resultsRule>;

/** A figure of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @returns undefined of nothing */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const [min] = sorted;
  const max = sorted.at(-1);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    return undefined;
  }
  return { median: (low + high) / 2, min, max };
}

/** A cell of the table: who, doing what, with how many calls in flight. */
export interface Cell {
  readonly contestant: string;
  readonly scenario: string;
  readonly inFlight: number;
}

/** The cells that were measured, in the order in which they came. */
export function cellsOf({ measurements }: Results): readonly Cell[] {
  const cells = new Map<string, Cell>();
  for (const { contestant, scenario, inFlight } of measurements) {
    cells.set(`${scenario} ${inFlight} ${contestant}`, { contestant, scenario, inFlight });
  }
  return [...cells.values()];
}

export function measurementsOf(
  { measurements }: Results,
  { contestant, scenario, inFlight }: Cell,
): readonly Measurement[] {
  return measurements.filter(
    (measurement) =>
      measurement.contestant === contestant && measurement.scenario === scenario && measurement.inFlight === inFlight,
  );
}

/** What was measured, by the name of a figure. Calls that failed are no calls. */
export const figures = {
  rate: ({ load }: Measurement) => (load.calls - failuresIn(load)) / load.seconds,
  p50Ms: ({ load }: Measurement) => load.p50Ms,
  p99Ms: ({ load }: Measurement) => load.p99Ms,
} as const;
export type Figure = keyof typeof figures;

export function failuresIn({ failures }: Measurement['load']): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}

/** Compares two cells round by round: what the machine did meanwhile, it did to both. */
export function compare(
  results: Results,
  one: Cell,
  other: Cell,
  figure: Figure,
  by: (one: number, other: number) => number,
): Spread | undefined {
  const others = new Map(measurementsOf(results, other).map((measurement) => [measurement.round, measurement]));
  return spreadOf(
    measurementsOf(results, one).flatMap((measurement) => {
      const rival = others.get(measurement.round);
      return rival === undefined ? [] : [by(figures[figure](measurement), figures[figure](rival))];
    }),
  );
}
