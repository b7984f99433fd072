import { stripVTControlCharacters } from 'node:util';
import cliTruncate from 'cli-truncate';
import { endpointRows } from './endpoint-rows.ts';
import { type Figures, figuresOf } from './figures.ts';
import { minuteRow, outcomeRows } from './outcome-rows.ts';
import { LEFT_COLUMNS, leftPanel, rightPanel } from './panels.ts';
import { readableSeconds } from './readable.ts';
import type { Figure } from './sums.ts';
import type { Paint } from './tone.ts';
import { type Trouble, timeOfDay, troublesOf, wellness } from './verdict.ts';
import type { View } from './view.ts';

export interface FrameOptions {
  readonly views: readonly View[];
  /** Calls a second, the latest last. */
  readonly lastMinute: readonly Figure[];
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** Said at the right end of the first line. */
  readonly hint?: string;
  readonly columns: number;
  /** Infinity: as many as it takes. */
  readonly rows: number;
  readonly paint: Paint;
}

/** What it is made for; where there is less room, it is cut off. */
export const COLUMNS_DEFAULT = 80;
export const ROWS_DEFAULT = 24;

const GAP = '  ';

/**
 * What is shown, as lines that are no wider than the terminal, and not more of them than it has rows. What matters most comes first. Where
 * there is more room than 80 columns and 24 rows, there is more to see.
 */
export function frame({ views, lastMinute, now, hint, columns, rows, paint }: FrameOptions): readonly string[] {
  const figures = figuresOf(views);
  const lines = [
    title(views, figures, [timeOfDay(now), ...(hint === undefined ? [] : [hint])].join(GAP), columns),
    ...verdict(troublesOf(views, figures, now), figures, paint),
    ...outcomeRows(figures, columns),
    minuteRow(lastMinute),
    '',
    ...sideBySide(leftPanel(figures, paint), rightPanel(figures, paint)),
  ];
  const more = views.length === 1 ? [] : ['', ...endpointRows(views, paint)];
  return [...lines, ...(lines.length + more.length <= rows ? more : [])]
    .slice(0, rows)
    .map((line) => cliTruncate(line.trimEnd(), columns));
}

function title(views: readonly View[], { uptime }: Figures, right: string, columns: number): string {
  const where = views.length === 1 ? views.map(({ endpoint }) => endpoint.url).join() : `${views.length} endpoints`;
  const left = `order service${GAP}${where}${GAP}up ${readableSeconds(uptime)}`;
  const room = Math.max(columns, COLUMNS_DEFAULT) - right.length - GAP.length;
  return `${cliTruncate(left, room).padEnd(room)}${GAP}${right}`;
}

/** What is the matter, and what to do: two lines, so that nothing below moves when it changes. */
function verdict([worst, ...others]: readonly Trouble[], figures: Figures, paint: Paint): readonly string[] {
  if (worst === undefined) {
    return [wellness(figures), ''];
  }
  const also = others.length === 0 ? '' : ` Also: ${others.map(({ brief }) => brief).join(', ')}.`;
  return [paint(`${worst.words}.`, worst.level), `-> ${worst.advice}.${also}`];
}

function sideBySide(left: readonly string[], right: readonly string[]): readonly string[] {
  return Array.from(
    { length: Math.max(left.length, right.length) },
    (_, index) => `${padded(left[index] ?? '', LEFT_COLUMNS)}${GAP}${right[index] ?? ''}`,
  );
}

/** Colours take no room. */
function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stripVTControlCharacters(text).length));
}
