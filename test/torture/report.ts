import Table from 'cli-table3';
import { build } from 'hdr-histogram-js';
import { type CallEvent, eventsOf, type History } from './history.ts';
import { timeLineOf } from './judge/time-line.ts';
import { type Violation, violationKinds } from './judge/violation.ts';

/** So many of a kind are shown one by one. */
const EXAMPLES_MAX = 3;
const MICROSECONDS = 1_000;

/** What a run has shown, as it is printed. The last line is the verdict. */
export function renderReport(history: History, violations: readonly Violation[]): string {
  return [
    renderFaults(history),
    renderOutcomes(history),
    renderZeros(violations),
    ...renderExamples(history, violations),
    verdictOf(history, violations),
  ].join('\n');
}

function renderFaults(history: History): string {
  const byFault = Map.groupBy(eventsOf(history, 'fault'), ({ fault }) => fault);
  const rows = [...byFault]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([fault, struck]) => {
      const lastedMs = struck.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      return [fault, String(struck.length), (lastedMs / 1_000).toFixed(1)];
    });
  return tableOf(['fault', 'times', 'seconds in all'], rows);
}

function renderOutcomes(history: History): string {
  const byOutcome = Map.groupBy(eventsOf(history, 'call'), outcomeOf);
  const rows = [...byOutcome]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([outcome, calls]) => [outcome, String(calls.length), ...percentilesOf(calls)]);
  return tableOf(['outcome', 'calls', 'p50 ms', 'p99 ms', 'max ms'], rows);
}

function outcomeOf({ code, reason, isReplay }: CallEvent): string {
  if (code === 'OK') {
    return isReplay ? 'OK replayed' : 'OK executed';
  }
  return reason === code ? code : `${code} ${reason}`;
}

function percentilesOf(calls: readonly CallEvent[]): string[] {
  const histogram = build();
  for (const { startMs, endMs } of calls) {
    histogram.recordValue(Math.max(0, Math.round((endMs - startMs) * MICROSECONDS)));
  }
  return [histogram.getValueAtPercentile(50), histogram.getValueAtPercentile(99), histogram.maxValue].map((value) =>
    (value / MICROSECONDS).toFixed(1),
  );
}

function renderZeros(violations: readonly Violation[]): string {
  const byKind = Map.groupBy(violations, ({ kind }) => kind);
  const rows = Object.entries(violationKinds).map(([kind, title]) => {
    const found = [...byKind].find(([name]) => name === kind)?.[1] ?? [];
    return [title, String(found.length)];
  });
  return tableOf(['what must not be', 'found'], rows);
}

function* renderExamples(history: History, violations: readonly Violation[]): Generator<string> {
  for (const [kind, found] of Map.groupBy(violations, (violation) => violation.kind)) {
    yield `${violationKinds[kind]}:`;
    for (const { subject, what } of found.slice(0, EXAMPLES_MAX)) {
      yield `  ${subject}: ${what}`;
      yield* kind === 'leak' || kind === 'nothingProven' ? [] : timeLineOf(subject, history);
    }
  }
}

function verdictOf(history: History, violations: readonly Violation[]): string {
  const { seed, seconds, servers, clients } = history.run;
  const counts = [
    `${eventsOf(history, 'fault').length} faults`,
    `${eventsOf(history, 'call').length} calls`,
    `${eventsOf(history, 'order').length} orders`,
  ].join(', ');
  const verdict = violations.length === 0 ? 'PASSED' : `FAILED with ${violations.length} violations`;
  return `seed ${seed}, ${seconds} s, ${servers} servers, ${clients} clients: ${counts}: ${verdict}`;
}

/** Plain, so that it can be read and searched in a log too. */
function tableOf(head: string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
