import Table from 'cli-table3';
import { goals, judge } from './goals.ts';
import { inWords, tellKill, titleOf, withSpread } from './remarks.ts';
import { cellsOf, type Results } from './results.ts';

/** What a run has shown, as it is printed. */
export function renderReport(results: Results): string {
  return [renderCells(results), renderKills(results), renderGoals(results)].join('\n');
}

function renderCells(results: Results): string {
  const rows = cellsOf(results).map((cell) => {
    const { title, inFlight, rate, ratio, p50Ms, p99Ms, cpus, remarks } = inWords(results, cell);
    return [title, cell.scenario, inFlight, rate, ratio, p50Ms, p99Ms, cpus.join(' '), remarks];
  });
  return tableOf(
    ['server', 'calls', 'at once', 'calls/s', '×', 'p50 ms', 'p99 ms', 'CPUs: client server pg redis', ''],
    rows,
  );
}

function renderKills({ kills }: Results): string {
  return kills.map((kill) => `killed behind its commit, ${titleOf(kill.contestant)}: ${tellKill(kill)}`).join('\n');
}

function renderGoals(results: Results): string {
  const rows = goals.map((goal) => [
    goal.title,
    `${goal.isAtLeast ? '≥' : '≤'} ${goal.bound} ${goal.unit}`,
    withSpread(goal.measure(results), 2),
    judge(goal, results),
  ]);
  return tableOf(['goal', 'bound', 'measured', ''], rows);
}

/** Plain, so that it can be read and searched in a log too. */
function tableOf(head: string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
