import { describe, expect, test } from '@jest/globals';
import type { Line, Shape } from '../../../diagrams/drawing.ts';
import { bottomOf, type Frame, rightOf } from '../../../diagrams/frame.ts';
import { escaped } from '../../../diagrams/label.ts';
import { pictures } from '../../../diagrams/pictures.ts';
import { FONT, toOutlines } from '../../../diagrams/render.ts';
import type { Point } from '../../../diagrams/route.ts';
import { PAGE_WIDTH } from '../../../diagrams/theme.ts';
import { textsIn } from './drawn-texts.ts';

// What can be wrong with a picture that nobody looks at.

describe.each(Object.entries(pictures))('in %s', (_, draw) => {
  const drawing = draw();
  const texts = textsIn(drawing);
  const page: Frame = { x: 0, y: 0, width: PAGE_WIDTH, height: drawing.height };
  const frames = new Map(drawing.shapes.map(({ name, frame }) => [name, frame]));
  const frameOf = (name: string) => frames.get(name) ?? page;

  test('every name is that of one shape, and every line leads from one to another', () => {
    expect(frames.size).toBe(drawing.shapes.length);
    expect(drawing.lines.filter(({ from, to }) => !frames.has(from) || !frames.has(to))).toEqual([]);
  });

  test('every shape is on the page, and every text in its shape', () => {
    expect(drawing.shapes.filter(({ frame }) => !isWithin(frame, page)).map(({ name }) => name)).toEqual([]);
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.filter(({ shape, frame }) => !isWithin(frame, frameOf(shape)))).toEqual([]);
  });

  test('no text lies on another', () => {
    const pairs = texts.flatMap((one, index) => texts.slice(index + 1).map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => overlap(one.frame, other.frame))).toEqual([]);
  });

  test('no line crosses a text, or a shape that is not its own', () => {
    const crossed = drawing.lines.flatMap((line) => [
      ...texts.filter(({ frame }) => crosses(line, frame)).map(({ text }) => [line.from, line.to, text]),
      ...strangers(drawing.shapes, line)
        .filter(({ frame }) => crosses(line, frame))
        .map(({ name }) => [line.from, line.to, name]),
    ]);
    expect(crossed).toEqual([]);
  });

  /** Shapes that a line has no business with: neither its ends nor what stands around them. */
  function strangers(shapes: readonly Shape[], { from, to }: Line): readonly Shape[] {
    return shapes.filter(
      ({ kind, frame }) => kind !== 'text' && !isWithin(frameOf(from), frame) && !isWithin(frameOf(to), frame),
    );
  }
});

test('the font has every letter of the pictures', () => {
  const drawings = Object.values(pictures).map((draw) => draw());
  const letters = new Set(drawings.flatMap(textsIn).flatMap(({ text }) => [...text.replaceAll(' ', '')]));
  expect(letters.size).toBeGreaterThan(40);
  const missing = outlineOf('\ue000');
  expect([...letters].filter((letter) => outlineOf(letter) === missing)).toEqual([]);
});

function outlineOf(letter: string): string {
  const text = `<text y="20" font-family="${FONT}">${escaped(letter)}</text>`;
  return toOutlines(`<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">${text}</svg>`);
}

function isWithin(inner: Frame, outer: Frame): boolean {
  const isWide = inner.x >= outer.x && rightOf(inner) <= rightOf(outer);
  return isWide && inner.y >= outer.y && bottomOf(inner) <= bottomOf(outer);
}

/** Whether two have more in common than an edge. */
function overlap(one: Frame, other: Frame): boolean {
  const isBeside = rightOf(one) < other.x + 0.1 || rightOf(other) < one.x + 0.1;
  return !isBeside && bottomOf(one) > other.y && bottomOf(other) > one.y;
}

/** Whether a line goes through what is framed, and not only along its edge. Lines are level or upright. */
function crosses({ along }: Line, { x, y, width, height }: Frame): boolean {
  const inside = { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
  return along.slice(1).some((end, index) => overlap(boxAround(along[index] ?? end, end), inside));
}

function boxAround([ax, ay]: Point, [bx, by]: Point): Frame {
  return { x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(ax - bx), height: Math.abs(ay - by) };
}
