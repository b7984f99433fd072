import type { RecordTransition } from '../src/idempotency/record-life.ts';
import type { Shape } from './drawing.ts';
import type { Frame } from './frame.ts';
import { blockLabel, cell, type Label, table, wrap } from './label.ts';
import type { WordsPlace } from './state-routes.ts';
import { hues } from './theme.ts';

/** What a letter takes in the middle: words are wrapped by their number of letters. */
const LETTER_WIDTH = 6.2;
const LINE_HEIGHT = 18;

/** By what a transition is made and what it means, beside its way: in one line where there is room for it. */
export function captionOf(row: RecordTransition, place: WordsPlace, index: number): Shape {
  const lettersMax = Math.floor(place.width / LETTER_WIDTH);
  const lines = wrap(row.means, lettersMax);
  const isOneLine = lines.length === 1 && row.by.length + 2 + row.means.length <= lettersMax;
  const height = (isOneLine ? 1 : 1 + lines.length) * LINE_HEIGHT;
  const frame: Frame = { x: place.x, y: place.isBelow ? place.y : place.y - height, width: place.width, height };
  return {
    name: `transition ${index}`,
    frame,
    kind: 'text',
    label: isOneLine ? oneLine(row, place.width) : block(row, lines, place.width),
  };
}

function colourOf({ by }: RecordTransition): string {
  return by === 'time' ? hues.neutral.ink : hues.idempotency.ink;
}

function oneLine(row: RecordTransition, width: number): Label {
  const by = { text: row.by, isBold: true, colour: colourOf(row) };
  return table([[cell([by, { text: ` ${row.means}` }], 'left', width)]]);
}

function block(row: RecordTransition, lines: readonly string[], width: number): Label {
  const texts = [{ text: row.by, isBold: true, colour: colourOf(row) }, ...lines.map((text) => ({ text }))];
  return blockLabel({ texts, width });
}

export function inWords({ from, to, by, means }: RecordTransition): string {
  return `Also: ${from} becomes ${to} by ${by}: ${means}`;
}
