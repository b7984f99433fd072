import { wrappedLines } from '../config/wrapped-lines.ts';
import type { Finding } from './examine.ts';
import { type Level, worst } from './remark.ts';

export interface ReportOptions {
  readonly findings: readonly Finding[];
  /** What was looked at, as it may be printed. */
  readonly subject: readonly string[];
  readonly widthColumns: number;
  readonly inColour: boolean;
}

const LEVEL_COLUMNS = 9;
const NAME_COLUMNS = 15;
const TEXT_AT = LEVEL_COLUMNS + NAME_COLUMNS;

/** Where a terminal is narrower, it breaks the lines itself. */
const TEXT_COLUMNS_MIN = 20;

const words: Readonly<Record<Level, string>> = { ok: 'ok', warning: 'warning', fault: 'FAULT' };
const colours: Readonly<Record<Level, number>> = { ok: 32, warning: 33, fault: 31 };

/** What was found, for a person at a terminal. */
export function renderReport({ findings, subject, widthColumns, inColour }: ReportOptions): string {
  const paint = (level: Level, text: string) => (inColour ? `\u001b[${colours[level]}m${text}\u001b[0m` : text);
  const level = worst(findings.map((finding) => finding.level));
  return [
    ...subject,
    '',
    ...findings.flatMap((finding) => blockOf(finding, widthColumns, paint)),
    '',
    paint(level, verdict(findings)),
    '',
  ].join('\n');
}

function blockOf(
  { check, level, message, advice, lines = [] }: Finding,
  widthColumns: number,
  paint: (level: Level, text: string) => string,
): readonly string[] {
  const wrapped = (text: string, mark = '') =>
    wrappedLines(text, Math.max(widthColumns - TEXT_AT - mark.length, TEXT_COLUMNS_MIN)).map(
      (line, index) => `${index === 0 ? mark : ' '.repeat(mark.length)}${line}`,
    );
  const [first = '', ...more] = wrapped(message);
  const head = `${paint(level, words[level].padEnd(LEVEL_COLUMNS))}${check.padEnd(NAME_COLUMNS)}${first}`;
  const advised = advice === undefined ? [] : wrapped(advice, '-> ');
  const shown = lines.map((line) => `${' '.repeat(LEVEL_COLUMNS)}${line}`);
  return [head, ...indented(more), ...shown, ...indented(advised)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${' '.repeat(TEXT_AT)}${line}`);
}

function verdict(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  if (faults + warnings === 0) {
    return 'All is well.';
  }
  const parts = [
    ...(faults > 0 ? [`${faults} fault${faults === 1 ? '' : 's'}`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : []),
  ];
  return `${parts.join(', ')}; the rest is well.`;
}
