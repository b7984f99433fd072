import type { DescribedSetting } from './describe-settings.ts';
import { wrappedLines } from './wrapped-lines.ts';

const gap = '  ';
const maxValueColumns = 28;
const minMeaningColumns = 32;

/** Every setting as aligned columns or, where a terminal is too narrow for them, one below the other. */
export function renderSettings(settings: readonly DescribedSetting[], widthColumns: number): string {
  const rows = [['Setting', 'Value', 'From', 'Unit', 'Default', 'Meaning'], ...settings.map(cells)];
  const [names, values, ...others] = [0, 1, 2, 3, 4].map((column) => longest(rows, column));
  // Only values are broken: somebody may want to copy a name.
  const narrow = [names ?? 0, Math.min(maxValueColumns, values ?? 0), ...others];
  const meaning = widthColumns - narrow.reduce((sum, width) => sum + width + gap.length, 0);
  if (meaning < minMeaningColumns) return settings.map((setting) => stacked(setting, widthColumns)).join('\n');
  return rows.map((row) => aligned(row, [...narrow, meaning])).join('\n');
}

function cells(setting: DescribedSetting): string[] {
  const { variable, value, source, unit, meaning } = setting;
  return [variable, value ?? '-', source, unit, setting.default ?? '-', meaning];
}

function longest(rows: readonly string[][], column: number): number {
  return Math.max(...rows.map((row) => (row[column] ?? '').length));
}

function aligned(row: readonly string[], widths: readonly number[]): string {
  const columns = row.map((cell, index) => wrappedLines(cell, widths[index] ?? 0));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, index) => (lines[line] ?? '').padEnd(widths[index] ?? 0))
      .join(gap)
      .trimEnd(),
  ).join('\n');
}

function stacked(setting: DescribedSetting, widthColumns: number): string {
  const { variable, value, source, unit, meaning } = setting;
  const origin = source === 'environment' ? `environment; default ${setting.default ?? 'none'}` : source;
  const current = value === null ? '' : ` = ${value}${unit === '' ? '' : ` ${unit}`}`;
  const [first = '', ...more] = wrappedLines(`${variable}${current} (${origin})`, widthColumns - 4);
  return [first, ...[...more, ...wrappedLines(meaning, widthColumns - 4)].map((line) => `    ${line}`)].join('\n');
}
