import Table from 'cli-table3';
import { orderStates } from '../orders/order.ts';
import type { Evidence } from './evidence.ts';
import type { SimulationOptions } from './options.ts';
import { sumOf, type Tally, type Timing } from './tally.ts';
import { type Violation, type ViolationKind, violationKinds } from './violation.ts';

export interface Findings {
  readonly options: SimulationOptions;
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  readonly tookSeconds: number;
}

/** So many of a kind are shown one by one. */
const EXAMPLES_MAX = 3;

/** A line of a table for terminals of 80 columns. */
type Row = readonly [string, string];

/** What a simulation has found, as it is printed. */
export function renderReport(findings: Findings): string {
  return [
    renderCounts(findings),
    renderTimings(findings.tally),
    renderZeros(findings),
    ...renderExamples(findings.violations),
  ].join('\n');
}

function renderCounts({ options, evidence, tally, tookSeconds }: Findings): string {
  const count = (name: Parameters<Tally['countOf']>[0]) => String(tally.countOf(name));
  const rows: Row[] = [
    ['seed', options.seed],
    ['took', `${Math.round(tookSeconds)} s`],
    ['calls', `${count('calls')}, ${count('attempts')} attempts`],
    ['orders', `${evidence.orders.length}${statesOf(evidence)}`],
    ['answers', `${count('executed')} executed, ${count('replayed')} replays`],
    ['refusals', listOf(tally.refusals)],
    ['retries', listOf(tally.retries)],
    ['cut connections', `${count('cutConnections')}, streams taken up again ${count('brokenStreams')}`],
    ['watchers', String(evidence.watched.length)],
    ['killed', `${count('killedWorkers')} workers, ${count('redisRestarts')} Redis restarts`],
  ];
  return tableOf([18, 58], [], rows);
}

function statesOf({ orders }: Evidence): string {
  const byState = Map.groupBy(orders, ({ state }) => state);
  const parts = orderStates.flatMap((state) => {
    const { length } = byState.get(state) ?? [];
    return length === 0 ? [] : [`${length} ${state}`];
  });
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

function listOf(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].sort(([, one], [, other]) => other - one).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '0' : `${sumOf(counts)}: ${parts.join(', ')}`;
}

const timings: readonly (readonly [Timing, string])[] = [
  ['create', 'create, executed'],
  ['replay', 'replay'],
  ['cancel', 'cancel, executed'],
  ['toFinal', 'order to final'],
];

function renderTimings(tally: Tally): string {
  const rows = timings.map(([timing, title]) => {
    const { p50, p90, p99, max } = tally.percentilesMs(timing) ?? {};
    return [title, ...[p50, p90, p99, max].map((value) => (value === undefined ? '-' : value.toFixed(1)))];
  });
  return tableOf([19, 14, 14, 14, 13], ['milliseconds', 'p50', 'p90', 'p99', 'max'], rows);
}

function renderZeros({ violations, evidence }: Findings): string {
  const counts = countsOf(violations);
  const rows = Object.entries(violationKinds).map(([kind, title]) => {
    const isUnknown = kind === 'effectDoubled' && evidence.outside === undefined;
    return [title.toUpperCase(), isUnknown ? 'not checked with --target' : String(counts[kind] ?? 0)];
  });
  return tableOf([34, 42], [], rows);
}

function renderExamples(violations: readonly Violation[]): string[] {
  return kindsIn(violations).flatMap((kind) => {
    const ofKind = violations.filter((violation) => violation.kind === kind);
    const shown = ofKind.slice(0, EXAMPLES_MAX).map(({ subject, what }) => `  ${subject}: ${what}`);
    const more = ofKind.length - shown.length;
    return [`${violationKinds[kind]}:`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
  });
}

function kindsIn(violations: readonly Violation[]): readonly ViolationKind[] {
  return [...new Set(violations.map(({ kind }) => kind))];
}

function countsOf(violations: readonly Violation[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of violations) {
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Plain, so that it can be read and searched in a log too. */
function tableOf(colWidths: number[], head: string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ colWidths, head, wordWrap: true, style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
