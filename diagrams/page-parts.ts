import type { Part, Shape } from './drawing.ts';
import type { Frame } from './frame.ts';
import { blockLabel } from './label.ts';
import { level } from './route.ts';
import { type Hue, hues, MARGIN, newInk, PAGE_WIDTH, paleInk, paper, textSizes } from './theme.ts';

/** Where the drawing begins, below the title. */
export const BODY_TOP = 88;

export function pageTitle(title: string, subtitle: string): Shape {
  const frame = { x: MARGIN, y: 14, width: PAGE_WIDTH - 2 * MARGIN, height: 52 };
  const texts = [
    { text: title, size: textSizes.title, isBold: true },
    { text: subtitle, colour: paleInk },
  ];
  return { name: 'title', frame, kind: 'text', label: blockLabel({ texts, width: frame.width }) };
}

export interface Note {
  readonly name: string;
  readonly frame: Frame;
  readonly hue: Hue;
  readonly title: string;
  readonly texts: readonly string[];
}

/** A card with a title in the colour of its part, and a few words. */
export function noteCard({ name, frame, hue, title, texts }: Note): Shape {
  const rows = [{ text: title, isBold: true, colour: hue.ink }, ...texts.map((text) => ({ text }))];
  const label = blockLabel({ texts: rows, width: frame.width - 24 });
  return { name, frame, kind: 'card', fill: hue.tint, border: hue.ink, label };
}

/** The mark of what is new, on the upper edge of a card. */
export function newMark(name: string, { x, y }: Pick<Frame, 'x' | 'y'>): Shape {
  const frame = { x, y: y - 10, width: 46, height: 20 };
  const label = blockLabel({
    texts: [{ text: 'NEW', size: textSizes.small, colour: paper, isBold: true }],
    align: 'center',
    width: 40,
  });
  return { name: `${name} is new`, frame, kind: 'pill', fill: newInk, label };
}

export interface LegendRow {
  readonly sample: 'new' | 'dashed' | 'solid';
  readonly text: string;
}

/** What marks and lines mean, below each other. */
export function legend(rows: readonly LegendRow[], { x, y, width }: Frame): Part {
  const placed = rows.map((row, index) => ({ ...row, name: `legend: ${row.text}`, top: y + index * 26 }));
  return {
    shapes: placed.flatMap(({ name, text, sample, top }) => [
      caption(name, { x: x + 58, y: top, width: width - 58, height: 20 }, [text]),
      ...(sample === 'new' ? [newMark(name, { x, y: top + 10 })] : []),
    ]),
    lines: placed
      .filter(({ sample }) => sample !== 'new')
      .map(({ name, sample, top }) => {
        const along = level(top + 10, x, x + 46);
        return { from: name, to: name, along, colour: hues.neutral.ink, isDashed: sample === 'dashed' };
      }),
  };
}

/** Small words beside something. */
export function caption(name: string, frame: Frame, texts: readonly string[], isBold = false): Shape {
  const rows = texts.map((text) => ({ text, isBold, colour: paleInk, size: textSizes.small }));
  return { name, frame, kind: 'text', label: blockLabel({ texts: rows, width: frame.width }) };
}
