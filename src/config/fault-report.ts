import type { Fault, Warning } from './fault.ts';
import { wrappedLines } from './wrapped-lines.ts';

/** All faults for the person at the command line. Contains no secret. */
export function renderFaults(faults: readonly Fault[], widthColumns = 100): string {
  const title =
    faults.length === 1 ? 'The configuration has a fault:' : `The configuration has ${faults.length} faults:`;
  const blocks = faults.map(({ variable, value, problem, expected, remedy }) =>
    [
      ...labelled('  ', [variable, ...(value === undefined ? [] : [`= "${value}"`]), problem].join(' '), widthColumns),
      ...labelled('    expected: ', expected, widthColumns),
      ...labelled('    to do:    ', remedy, widthColumns),
    ].join('\n'),
  );
  return [title, ...blocks, '`npm run config` shows every setting.'].join('\n\n');
}

/** One line for each warning; no line break at the end. */
export function renderWarnings(warnings: readonly Warning[]): string {
  return warnings.map(({ variable, problem, remedy }) => `${variable} ${problem}; ${remedy}`).join('\n');
}

function labelled(label: string, text: string, widthColumns: number): string[] {
  return wrappedLines(text, widthColumns - label.length).map(
    (line, index) => (index === 0 ? label : ' '.repeat(label.length)) + line,
  );
}
