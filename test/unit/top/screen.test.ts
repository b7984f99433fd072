import { expect, test } from '@jest/globals';
import { Screen } from '../../../src/top/screen.ts';

const ESC = '\u001b[';

function terminal(rows: number) {
  const written: string[] = [];
  return { written, rows, write: (text: string) => void written.push(text) };
}

test('the screen is borrowed, and given back once', () => {
  const output = terminal(24);
  const screen = new Screen(output);
  expect(output.written.join('')).toBe(`${ESC}?1049h${ESC}?25l`);
  output.written.length = 0;
  screen[Symbol.dispose]();
  screen[Symbol.dispose]();
  expect(output.written.join('')).toBe(`${ESC}?1049l${ESC}?25h`);
  screen.draw(['too late']);
  expect(output.written).toHaveLength(1);
});

test('each line is written in its own row, which is erased before; rows below are erased, and nothing scrolls', () => {
  const output = terminal(3);
  using screen = new Screen(output);
  output.written.length = 0;
  screen.draw(['one', 'two']);
  expect(output.written.join('')).toBe(
    `${ESC}?2026h${ESC}1;1H${ESC}2Kone${ESC}2;1H${ESC}2Ktwo${ESC}3;1H${ESC}J${ESC}?2026l`,
  );
  output.written.length = 0;
  screen.draw(['one', 'two', 'three']);
  expect(output.written.join('')).not.toContain(`${ESC}J`);
  expect(output.written.join('')).not.toContain('\n');
});
