import { contestantNames, contestants } from './contestants.ts';
import { goals, judge } from './goals.ts';
import { inWords, tellKill, titleOf, withSpread } from './remarks.ts';
import { type Cell, cellsOf, type Results } from './results.ts';

/** docs/performance.md, without its chart. */
export function renderPage(results: Results): string {
  const { machine, beganAt, tookSeconds, commit, versions, settings, measurements, kills } = results;
  const rounds = Math.max(...measurements.map(({ round }) => round));
  const cells = cellsOf(results);
  const isOf = (scenario: string) => (cell: Cell) => cell.scenario === scenario && cell.contestant in contestants;
  const killOf = (contestant: string) => {
    const kill = kills.find((each) => each.contestant === contestant);
    return kill === undefined ? '' : tellKill(kill);
  };
  return `# Performance

Drawn from a run of \`npm run bench\`; do not edit. ${beganAt.slice(0, 10)}, commit ${commit}, ${Math.round(tookSeconds / 60)} minutes, on ${machine.cpus} CPUs
(${machine.model}), ${machine.memoryGiB} GiB, ${machine.system}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.

## What to believe

All figures are of one run on one machine, which has the clients, the server, PostgreSQL and Redis on it: they share its CPUs, and what one of them does not use
another one gets. Absolute numbers say more about the machine than about the software: compare the lines of a table, not tables of two machines.
Each contestant came ${rounds} times, each time on a fresh database; a figure is the median, with the lowest and the highest behind it.

PostgreSQL has \`fsync\` and \`synchronous_commit\` on${listOf(settings['postgres'])}. Redis${listOf(settings['redis'])}. Every process has 10 connections to
PostgreSQL. Orders have three items. Everybody who writes, writes the same: order, items, event, and the job that processes it, which costs a NOTIFY for
each commit; one line below shows plain without it.

The process is killed (SIGKILL) right after it has committed an order; another one starts, which the time includes, and the client retries with the same key.

| server | what it is | after the kill |
| --- | --- | --- |
${contestantNames.map((name) => `| ${contestants[name].title} | ${contestants[name].what} | ${killOf(name)} |`).join('\n')}

![Orders placed a second, by calls in flight](performance.svg)

## What was to be reached

| goal | bound | measured | |
| --- | --- | --- | --- |
${goals
  .map((goal) => {
    const bound = `${goal.isAtLeast ? '≥' : '≤'} ${goal.bound} ${goal.unit}`;
    return `| ${goal.title} | ${bound} | ${withSpread(goal.measure(results), 2)} | ${judge(goal, results)} |`;
  })
  .join('\n')}

## New orders

${table(results, cells.filter(isOf('create')), titleOf('plain'))}

## Replays

${table(results, cells.filter(isOf('replay')), titleOf('empty'))}

## Under special conditions

64 in flight.

${table(
  results,
  cells.filter(({ contestant }) => !(contestant in contestants)),
  titleOf('plain'),
)}

## How to repeat it

\`npm run bench\` takes three quarters of an hour and writes this page; \`npm run bench -- --quick\` takes three minutes and does not. Both keep their
measurements in \`bench/results\`, from which \`npm run bench -- --page <file>\` draws the page anew. Let nothing else run meanwhile.
`;
}

function listOf(settings: Readonly<Record<string, string>> = {}): string {
  const list = Object.entries(settings).map(([name, value]) => `\`${name}\` ${value === '' ? 'empty' : value}`);
  return list.length === 0 ? '' : `, ${list.join(', ')}`;
}

function table(results: Results, cells: readonly Cell[], base: string): string {
  const rows = cells.map((cell) => {
    const { title, inFlight, rate, ratio, p50Ms, p99Ms, cpus, remarks } = inWords(results, cell);
    return `| ${[title, inFlight, rate, ratio, p50Ms, p99Ms, cpus.join(' · '), remarks].join(' | ')} |`;
  });
  return [
    `| server | in flight | calls a second | × ${base} | p50 ms | p99 ms | CPUs: client · server · PostgreSQL · Redis | |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
