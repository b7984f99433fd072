import type { ContestantName } from './contestants.ts';
import { type Cell, compare, type Figure, failuresIn, measurementsOf, type Results, type Spread } from './results.ts';
import type { VariantName } from './variants.ts';

/** Something that is to be reached. */
export interface Goal {
  readonly title: string;
  readonly isAtLeast: boolean;
  readonly bound: number;
  readonly unit: '×' | 'ms';
  /** What it looks at. */
  readonly cells: readonly Cell[];
  /** @returns undefined if it was not measured */
  readonly measure: (results: Results) => Spread | undefined;
}

const ratio = (one: number, other: number) => one / other;
const difference = (one: number, other: number) => one - other;

function create(inFlight: number, contestant: ContestantName | VariantName = 'ours'): Cell {
  return { contestant, scenario: 'create', inFlight };
}

function replay(inFlight: number): Cell {
  return { contestant: 'ours', scenario: 'replay', inFlight };
}

function rateGoal(title: string, bound: number, one: Cell, other: Cell): Goal {
  const measure = (results: Results) => compare(results, one, other, 'rate', ratio);
  return { title, isAtLeast: true, bound, unit: '×', cells: [one, other], measure };
}

function timeGoal(title: string, bound: number, figure: Figure, one: Cell, other: Cell): Goal {
  const measure = (results: Results) => compare(results, one, other, figure, ratio);
  return { title, isAtLeast: false, bound, unit: '×', cells: [one, other], measure };
}

const MANY = 1_000_000;
const withManyRecords = rateGoal(
  'with 1 million records, against none, create at 64',
  0.95,
  create(64, 'manyRecords'),
  create(64, 'asUsual'),
);

/** What the service is to reach, all in one run. */
export const goals: readonly Goal[] = [
  rateGoal('create, 64 in flight, against plain', 3.5, create(64), create(64, 'plain')),
  rateGoal('create, 128 in flight, against plain', 4.5, create(128), create(128, 'plain')),
  rateGoal('create, 16 in flight, against plain', 2.3, create(16), create(16, 'plain')),
  timeGoal('create p50 at 1 in flight, against plain', 0.85, 'p50Ms', create(1), create(1, 'plain')),
  rateGoal('create at 64, against the same write path', 0.8, create(64), create(64, 'samePath')),
  {
    title: 'added p50 at 1 in flight, against the same write path',
    isAtLeast: false,
    bound: 0.4,
    unit: 'ms',
    cells: [create(1), create(1, 'samePath')],
    measure: (results) => compare(results, create(1), create(1, 'samePath'), 'p50Ms', difference),
  },
  rateGoal('create at 64, against DBOS', 8, create(64), create(64, 'dbos')),
  rateGoal('create at 64, against powertools', 3.5, create(64), create(64, 'powertools')),
  rateGoal('create at 64, against node-idempotency', 3.5, create(64), create(64, 'nodeIdempotency')),
  rateGoal('replay at 16, against empty', 0.9, replay(16), create(16, 'empty')),
  rateGoal('replay at 64, against empty', 0.8, replay(64), create(64, 'empty')),
  rateGoal('Redis stopped, against normal, create at 64', 0.9, create(64, 'redisStopped'), create(64, 'asUsual')),
  {
    ...withManyRecords,
    measure: (results) => (results.records < MANY ? undefined : withManyRecords.measure(results)),
  },
  timeGoal("p99 of create at 64, against plain's", 0.7, 'p99Ms', create(64), create(64, 'plain')),
  {
    title: 'memory of the server after 1 million calls, against after 10,000',
    isAtLeast: false,
    bound: 1.2,
    unit: '×',
    cells: [],
    measure: ({ memory }) => {
      if (memory === undefined) {
        return undefined;
      }
      const grown = memory.manyBytes / memory.fewBytes;
      return { median: grown, min: grown, max: grown };
    },
  },
];

export type Verdict = 'met' | 'missed' | 'not measured' | 'calls failed' | 'clients too slow';

/** A share of failed calls that tells of something else than speed. */
const FAILURES_SHARE_MAX = 0.01;

/** Judges by the median. Nothing is met where calls failed, or where the clients, and not who was measured, were the limit. */
export function judge(goal: Goal, results: Results): Verdict {
  const measured = goal.measure(results);
  if (measured === undefined) {
    return 'not measured';
  }
  const loads = goal.cells.flatMap((cell) => measurementsOf(results, cell)).map(({ load }) => load);
  if (loads.some((load) => failuresIn(load) > load.calls * FAILURES_SHARE_MAX)) {
    return 'calls failed';
  }
  const isMet = goal.isAtLeast ? measured.median >= goal.bound : measured.median <= goal.bound;
  if (isMet) {
    return loads.some(({ isLimit }) => isLimit) ? 'clients too slow' : 'met';
  }
  return 'missed';
}
