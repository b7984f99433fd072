import { expect, test } from '@jest/globals';
import { type Goal, goals, judge } from '../../../bench/goals.ts';
import { together } from '../../../bench/load/load-processes.ts';
import { compare, type Measurement, type Results, spreadOf } from '../../../bench/results.ts';

/** Calls in a second of a contestant, 64 in flight, in a round. */
function measured(contestant: string, round: number, calls: number, failures = 0): Measurement {
  return {
    contestant,
    scenario: 'create',
    inFlight: 64,
    round,
    load: {
      calls,
      seconds: 2,
      failures: failures > 0 ? { 'UNAVAILABLE: away': failures } : {},
      p50Ms: 1_000 / calls,
      p99Ms: 5_000 / calls,
      maxMs: 100,
      cpu: 0.5,
      processes: 1,
      isLimit: false,
    },
    cpu: { server: 1, postgres: 0.5, redis: 0.1 },
  };
}

function results(...measurements: Measurement[]): Results {
  return {
    beganAt: '2026-01-01T00:00:00.000Z',
    tookSeconds: 1,
    isQuick: true,
    commit: 'abc',
    machine: { cpus: 2, model: 'a CPU', memoryGiB: 4, system: 'Linux' },
    versions: {},
    settings: {},
    records: 0,
    measurements,
    kills: [],
  };
}

const cell = (contestant: string) => ({ contestant, scenario: 'create', inFlight: 64 });
const ratio = (one: number, other: number) => one / other;

test.each([
  { values: [3, 1, 2], spread: { median: 2, min: 1, max: 3 } },
  { values: [4, 1], spread: { median: 2.5, min: 1, max: 4 } },
  { values: [7], spread: { median: 7, min: 7, max: 7 } },
  { values: [], spread: undefined },
])('the spread of $values', ({ values, spread }) => {
  expect(spreadOf(values)).toEqual(spread);
});

test('two contestants are compared round by round, and rounds that only one of them has do not count', () => {
  const measurements = [
    ...[100, 400, 900].map((calls, index) => measured('ours', index + 1, calls)),
    ...[100, 200, 300].map((calls, index) => measured('plain', index + 1, calls)),
    measured('ours', 4, 1_000_000),
  ];
  expect(compare(results(...measurements), cell('ours'), cell('plain'), 'rate', ratio)).toEqual({
    median: 2,
    min: 1,
    max: 3,
  });
});

test('calls that failed are no calls', () => {
  const measurements = [measured('ours', 1, 300, 100), measured('plain', 1, 100)];
  expect(compare(results(...measurements), cell('ours'), cell('plain'), 'rate', ratio)?.median).toBe(2);
});

test('a goal is met at its bound, missed beyond it, and not judged without measurements', () => {
  const judged = (isAtLeast: boolean, median: number | undefined) => {
    const measure = () => (median === undefined ? undefined : { median, min: median, max: median });
    return judge({ title: '', isAtLeast, bound: 2, unit: '×', cells: [], measure }, results());
  };
  expect([judged(true, 2), judged(true, 1.99)]).toEqual(['met', 'missed']);
  expect([judged(false, 2), judged(false, 2.01)]).toEqual(['met', 'missed']);
  expect(judged(true, undefined)).toBe('not measured');
});

test('a goal is not met where calls failed, or where the clients were the limit', () => {
  const against = (...rivals: Measurement[]) =>
    judge(goalCalled('create, 64 in flight, against plain'), results(measured('ours', 1, 400), ...rivals));
  expect(against(measured('plain', 1, 100, 1))).toBe('met');
  expect(against(measured('plain', 1, 100, 2))).toBe('calls failed');
  const { load, ...rest } = measured('plain', 1, 100);
  expect(against({ ...rest, load: { ...load, isLimit: true } })).toBe('clients too slow');
});

test('a run with fewer records does not tell of a million', () => {
  const measurements = [measured('manyRecords', 1, 100), measured('asUsual', 1, 100)];
  const judged = (records: number) =>
    judge(goalCalled('with 1 million records, against none, create at 64'), { ...results(...measurements), records });
  expect([judged(999_999), judged(1_000_000)]).toEqual(['not measured', 'met']);
});

test('every goal can be measured, and has a title of its own', () => {
  expect(new Set(goals.map(({ title }) => title)).size).toBe(goals.length);
  const against = goalCalled('create, 64 in flight, against plain');
  expect(against.measure(results(measured('ours', 1, 400), measured('plain', 1, 100)))?.median).toBe(4);
});

test('of two load processes, calls and failures add up, and times are their mean', () => {
  const [one, other] = [measured('ours', 1, 100, 3).load, measured('ours', 1, 300, 4).load];
  expect(together([one, other])).toEqual({
    calls: 400,
    seconds: 2,
    failures: { 'UNAVAILABLE: away': 7 },
    p50Ms: (one.p50Ms + other.p50Ms) / 2,
    p99Ms: (one.p99Ms + other.p99Ms) / 2,
    maxMs: 100,
    cpu: 1,
  });
});

function goalCalled(title: string): Goal {
  const goal = goals.find((each) => each.title === title);
  if (goal === undefined) {
    throw new Error(`there is no goal ${title}`);
  }
  return goal;
}
