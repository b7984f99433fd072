import type { Figures } from './figures.ts';
import { readableCount } from './readable.ts';
import { sparkline } from './sparkline.ts';
import type { Figure } from './sums.ts';

const TITLE_COLUMNS = 9;
const OUTCOME_COLUMNS = 10;
/** So many have room in 80 columns. */
const OUTCOMES_MIN = 7;
const MINUTE_COLUMNS = 60;

/** Names that fit their columns. */
const names: Readonly<Record<Figures['outcomes'][number]['outcome'], string>> = {
  executed: 'executed',
  replayed: 'replayed',
  waited: 'waited',
  mismatch: 'mismatch',
  failed: 'failed',
  released: 'released',
  takeover: 'takeover',
  given_up: 'given up',
  lost_ownership: 'lost',
  background_fault: 'faults',
};

/** What became of calls. */
export function outcomeRows({ outcomes }: Figures, columns: number): readonly string[] {
  const shown = outcomes.slice(0, Math.max(OUTCOMES_MIN, Math.floor((columns - TITLE_COLUMNS) / OUTCOME_COLUMNS)));
  return [
    row(
      'OUTCOMES',
      shown.map(({ outcome }) => names[outcome]),
    ),
    row(
      'per s',
      shown.map(({ aSecond }) => readableCount(aSecond)),
    ),
    row(
      'in all',
      shown.map(({ inAll }) => readableCount(inAll)),
    ),
  ];
}

/** The calls of the last minute as a picture, the latest at its right end, and how many they were at most. */
export function minuteRow(lastMinute: readonly Figure[]): string {
  const drawn = sparkline(lastMinute.slice(-MINUTE_COLUMNS)).padStart(MINUTE_COLUMNS);
  const known = lastMinute.filter((rate) => rate !== undefined);
  const most = known.length === 0 ? undefined : Math.max(...known);
  return `${'minute'.padEnd(TITLE_COLUMNS)}${drawn} ${`max ${readableCount(most)}`.padStart(OUTCOME_COLUMNS)}`;
}

function row(title: string, values: readonly string[]): string {
  return title.padEnd(TITLE_COLUMNS) + values.map((value) => value.padStart(OUTCOME_COLUMNS)).join('');
}
