import type { FlowStep } from '../src/telemetry/order-flow.ts';
import type { Line, Shape } from './drawing.ts';
import { bottomOf, type Frame, middleXOf, middleYOf } from './frame.ts';
import { blockLabel, cell, type Label, stack, table } from './label.ts';
import { BODY_TOP, newMark } from './page-parts.ts';
import { type Point, upright } from './route.ts';
import { type Hue, hues, newInk, paper, textSizes } from './theme.ts';

/** A step, and its place in the middle of the page. */
export interface PlacedStep {
  readonly name: string;
  readonly step: FlowStep;
  readonly frame: Frame;
}

/** The columns of both flows: what may come of a step, the steps, and who is asked. */
export const columns = {
  left: { x: 20, width: 254 },
  middle: { x: 326, width: 368 },
  right: { x: 752, width: 148 },
} as const;

const ROW_HEIGHT = 68;
/** From one row to the next. */
export const ROW_PITCH = 96;

export function placeSteps(steps: Readonly<Record<string, FlowStep>>): readonly PlacedStep[] {
  return Object.entries(steps).map(([name, step], row) => {
    const frame = { ...columns.middle, y: BODY_TOP + row * ROW_PITCH, height: ROW_HEIGHT };
    return { name, step, frame };
  });
}

/** How far down the flow reaches. */
export function endOf(steps: readonly PlacedStep[]): number {
  return Math.max(...steps.map(({ frame }) => bottomOf(frame)));
}

/** @throws Error if there is no such step */
export function frameOf(steps: readonly PlacedStep[], name: string): Frame {
  const placed = steps.find((step) => step.name === name);
  if (placed === undefined) {
    throw new Error(`The flow has no step ${name}: the picture cannot show what belongs to it.`);
  }
  return placed.frame;
}

/** The way between the left column and the steps, from one height to another. */
export function acrossGap(leftY: number, middleY: number): readonly Point[] {
  const edge = columns.left.x + columns.left.width;
  const halfway = (edge + columns.middle.x) / 2;
  const turns = leftY === middleY ? [] : upright(halfway, leftY, middleY);
  return [[edge, leftY], ...turns, [columns.middle.x, middleY]];
}

/** A step as a card with its number, what it does, and the part of the system that does it. */
export function stepShapes({ name, step, frame }: PlacedStep, number: number, does: string): readonly Shape[] {
  const hue: Hue = hues[step.where];
  const { x, y, width, height } = frame;
  const border = step.isNew ? { border: newInk, borderWidth: 2.6 } : { border: hue.ink };
  const badge = { x: x + 13, y: middleYOf(frame) - 14, width: 28, height: 28 };
  const body = { x: x + 52, y, width: width - 66, height };
  return [
    { name, frame, kind: 'card', fill: hue.tint, ...border },
    { name: `${name}: number`, frame: badge, kind: 'disc', fill: hue.ink, label: numberLabel(number) },
    { name: `${name}: text`, frame: body, kind: 'text', label: stepLabel(step, does, hue, body.width) },
    ...(step.isNew ? [newMark(name, { x: x + width - 150, y })] : []),
  ];
}

function numberLabel(number: number): Label {
  const texts = [{ text: String(number), size: textSizes.heading, isBold: true, colour: paper }];
  return blockLabel({ texts, align: 'center', width: 20 });
}

function stepLabel(step: FlowStep, does: string, hue: Hue, width: number): Label {
  const title = cell([{ text: step.title, size: textSizes.heading, isBold: true }], 'left', width - 80);
  const part = cell([{ text: step.where, size: textSizes.small, colour: hue.ink }], 'right', 80);
  return stack([table([[title, part]]), blockLabel({ texts: [{ text: does, charactersMax: 50 }], width })]);
}

/** The way from step to step. What follows the answer does so later. */
export function stepLines(steps: readonly PlacedStep[]): readonly Line[] {
  return steps.slice(1).map((to, index) => {
    const from = steps[index] ?? to;
    const along = upright(middleXOf(from.frame), bottomOf(from.frame), to.frame.y);
    return { from: from.name, to: to.name, along, isDashed: from.name === 'answer' };
  });
}
