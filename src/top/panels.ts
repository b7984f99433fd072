import type { Figures } from './figures.ts';
import type { Latency } from './latency.ts';
import { readableBytes, readableCount, readableSeconds, readableShare, UNKNOWN } from './readable.ts';
import type { Figure } from './sums.ts';
import type { Paint, Tone } from './tone.ts';
import { lateSeconds } from './verdict.ts';

const NAME_COLUMNS = 14;
const NUMBER_COLUMNS = [8, 8, 7] as const;
const LEFT_CELL_COLUMNS = 17;
/** A name and three numbers, or two cells. */
export const LEFT_COLUMNS = 37;

const ROOM_COLUMNS = 9;
const RIGHT_CELL_COLUMNS = 15;

/** A figure with its name. */
interface Cell {
  readonly name: string;
  readonly value: string;
  readonly tone?: Tone;
}

/** How long things take, and what Redis could not do. */
export function leftPanel({ latencies, redis }: Figures, paint: Paint): readonly string[] {
  return [
    numbers('LATENCY', ['p50', 'p99', 'per s']),
    numbers('CreateOrder', latency(latencies.createOrder)),
    numbers('begin (Redis)', latency(latencies.begin)),
    numbers('commit (SQL)', latency(latencies.commit)),
    numbers('complete', latency(latencies.complete)),
    numbers('wait', latency(latencies.wait)),
    '',
    'ERRORS OF REDIS, per s',
    ...inPairs(redis.errors.map(({ name, aSecond }) => rate(name, aSecond, 'warning'))).map(left),
    '',
    'READS OF THE LEDGER INSTEAD, per s',
    ...inPairs(redis.ledgerReads.map(({ name, aSecond }) => rate(name, aSecond, undefined))).map(left),
  ];

  function left(cells: readonly Cell[]): string {
    return cells.map((cell) => cellText(cell, LEFT_CELL_COLUMNS, paint)).join('   ');
  }
}

/** What there is now. */
export function rightPanel(figures: Figures, paint: Paint): readonly string[] {
  const { work, redis, database, queue, events, ledger, process, processes } = figures;
  return [
    right('CALLS', count('open', work.open), seconds('oldest', work.oldest)),
    right('', count('running', work.running), count('waiting', work.waiting)),
    '',
    right('REDIS', circuit(redis.circuitsOpen, processes), degraded(figures)),
    right('DATABASE', reachable(database.up, processes), count('waiting', database.pending, isAny)),
    right('', count('used', database.used), count('idle', database.idle)),
    '',
    right('QUEUE', count('due', queue.due), count('delayed', queue.delayed)),
    right('', count('running', queue.running), seconds('oldest', queue.oldest, lateSeconds.job)),
    right('', workers(queue.workers, queue.due), count('set aside', queue.setAside, isAny)),
    right('EVENTS', count('behind', events.behind), seconds('lag', events.lag, lateSeconds.event)),
    right('LEDGER', count('rows', ledger.rows), seconds('oldest', ledger.oldest)),
    right('', seconds('overdue', ledger.overdue, lateSeconds.cleanUp), doubled(database.doubled)),
    '',
    right('PROCESS', cell('CPU', readableShare(process.cpu)), cell('memory', readableBytes(process.memory))),
    right('', seconds('loop p99', process.loopDelay), cell('loop busy', readableShare(process.loopUse))),
  ];

  function right(room: string, ...cells: readonly Cell[]): string {
    return room.padEnd(ROOM_COLUMNS) + cells.map((shown) => cellText(shown, RIGHT_CELL_COLUMNS, paint)).join('  ');
  }
}

function numbers(name: string, values: readonly string[]): string {
  return (
    name.padEnd(NAME_COLUMNS) + NUMBER_COLUMNS.map((columns, index) => (values[index] ?? '').padStart(columns)).join('')
  );
}

function latency({ p50, p99, aSecond }: Latency): readonly string[] {
  return [readableSeconds(p50), readableSeconds(p99), readableCount(aSecond)];
}

function cell(name: string, value: string, tone?: Tone): Cell {
  return { name, value, tone };
}

function rate(name: string, aSecond: Figure, tone: Tone): Cell {
  return cell(name, readableCount(aSecond), (aSecond ?? 0) > 0 ? tone : undefined);
}

/** @param isBad whether it deserves a look */
function count(name: string, value: Figure, isBad: (value: number) => boolean = () => false): Cell {
  return cell(name, readableCount(value), value !== undefined && isBad(value) ? 'warning' : undefined);
}

function seconds(name: string, value: Figure, late = Number.POSITIVE_INFINITY): Cell {
  return cell(name, readableSeconds(value), (value ?? 0) > late ? 'warning' : undefined);
}

function isAny(value: number): boolean {
  return value > 0;
}

function circuit(open: Figure, processes: number): Cell {
  if (open === undefined || open === 0) {
    return cell('circuit', open === 0 ? 'closed' : UNKNOWN);
  }
  return cell('circuit', processes === 1 ? 'open' : `${open} open`, 'warning');
}

/** For how long now; while it is not, for how long in all. */
function degraded({ redis }: Figures): Cell {
  return cell(
    'degraded',
    readableSeconds(redis.degradedNow ?? redis.degradedInAll),
    (redis.degraded ?? 0) > 0 ? 'warning' : undefined,
  );
}

function reachable(up: Figure, processes: number): Cell {
  if (up === undefined) {
    return cell('up', UNKNOWN);
  }
  const word = up === processes ? 'yes' : 'no';
  return cell('up', processes === 1 ? word : `${up} of ${processes}`, up === processes ? undefined : 'fault');
}

function workers(alive: Figure, due: Figure): Cell {
  return cell('workers', readableCount(alive), alive === 0 && (due ?? 0) > 0 ? 'warning' : undefined);
}

function doubled(records: Figure): Cell {
  return cell('doubled', readableCount(records), (records ?? 0) > 0 ? 'fault' : undefined);
}

function cellText({ name, value, tone }: Cell, columns: number, paint: Paint): string {
  return `${name}${' '.repeat(Math.max(1, columns - name.length - value.length))}${paint(value, tone)}`;
}

function inPairs<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.flatMap((_, index) => (index % 2 === 0 ? [items.slice(index, index + 2)] : []));
}
