import { contestants } from './contestants.ts';
import {
  type Cell,
  compare,
  failuresIn,
  figures,
  type Kill,
  type Measurement,
  measurementsOf,
  type Results,
  type Spread,
  spreadOf,
} from './results.ts';
import { variants } from './variants.ts';

const titles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...contestants, ...variants }).map(([name, { title }]) => [name, title]),
);

export function titleOf(contestant: string): string {
  return titles[contestant] ?? contestant;
}

/** What a table says of a cell. */
export interface CellInWords {
  readonly title: string;
  readonly inFlight: string;
  readonly rate: string;
  /** Against plain for new orders, against empty for replays. */
  readonly ratio: string;
  readonly p50Ms: string;
  readonly p99Ms: string;
  /** CPUs of client, server, PostgreSQL and Redis. */
  readonly cpus: readonly string[];
  readonly remarks: string;
}

export function inWords(results: Results, cell: Cell): CellInWords {
  const measured = measurementsOf(results, cell);
  const cpu = (of: (measurement: Measurement) => number) => (spreadOf(measured.map(of))?.median ?? 0).toFixed(2);
  const base = {
    contestant: cell.scenario === 'create' ? 'plain' : 'empty',
    scenario: 'create',
    inFlight: cell.inFlight,
  };
  return {
    title: titleOf(cell.contestant),
    inFlight: String(cell.inFlight),
    rate: withSpread(spreadOf(measured.map(figures.rate)), 0),
    ratio: withSpread(
      compare(results, cell, base, 'rate', (one, other) => one / other),
      2,
    ),
    p50Ms: withSpread(spreadOf(measured.map(figures.p50Ms)), 2),
    p99Ms: withSpread(spreadOf(measured.map(figures.p99Ms)), 2),
    cpus: [
      cpu(({ load }) => load.cpu),
      cpu((measurement) => measurement.cpu.server),
      cpu((measurement) => measurement.cpu.postgres),
      cpu((measurement) => measurement.cpu.redis),
    ],
    remarks: remarksOn(measured),
  };
}

function remarksOn(measured: readonly Measurement[]): string {
  const failures = measured.reduce((sum, { load }) => sum + failuresIn(load), 0);
  const [example] = measured.flatMap(({ load }) => Object.keys(load.failures));
  return [
    ...(example === undefined ? [] : [`${failures} calls failed, such as ${example}`]),
    ...(measured.some(({ load }) => load.isLimit) ? ['the clients were the limit'] : []),
    ...(measured.some(({ load }) => load.processes > 1) ? ['two load processes'] : []),
  ].join('; ');
}

/** What became of an order whose process was killed right after its commit. */
export function tellKill({ orders, answeredAfterMs }: Kill): string {
  const placed = `${orders} ${orders === 1 ? 'order' : 'orders'}`;
  return answeredAfterMs === undefined
    ? `${placed}, and no retry succeeds within 20 s`
    : `${placed}; a retry succeeds after ${(answeredAfterMs / 1_000).toFixed(1)} s`;
}

/** A median, with the lowest and the highest behind it if there are several. */
export function withSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) {
    return '-';
  }
  const { median, min, max } = spread;
  const range = min === max ? '' : ` (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  return `${median.toFixed(digits)}${range}`;
}
