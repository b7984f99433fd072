import { type FlowStep, orderFlow } from '../src/telemetry/order-flow.ts';
import type { Drawing, Line, Shape } from './drawing.ts';
import { outsideOf } from './flow-outside.ts';
import {
  acrossGap,
  columns,
  endOf,
  frameOf,
  type PlacedStep,
  placeSteps,
  stepLines,
  stepShapes,
} from './flow-steps.ts';
import { middleYOf } from './frame.ts';
import { noteCard, pageTitle } from './page-parts.ts';
import { level } from './route.ts';
import { hues } from './theme.ts';

interface Trouble {
  /** The step beside which it stands. */
  readonly at: keyof typeof orderFlow;
  readonly title: string;
  readonly texts: readonly string[];
  /** Whether it makes a call come again, or comes of that. */
  readonly isCause: boolean;
}

/** What goes wrong where calls are not safe to repeat. */
const troubles = [
  { at: 'receive', title: 'An answer is lost', texts: ['the client cannot tell, and calls again'], isCause: true },
  {
    at: 'validate',
    title: 'A call arrives twice',
    texts: ['by a network that retries,', 'or by an impatient caller'],
    isCause: true,
  },
  {
    at: 'process',
    title: 'A second order',
    texts: ['nothing tells a repeated call', 'from a new one'],
    isCause: false,
  },
  { at: 'processing', title: 'Delivered and paid twice', texts: ['each order has its job'], isCause: false },
] as const satisfies readonly Trouble[];

/** The flow without its new steps, and what comes of that. */
export function drawOrderFlow(flow: Readonly<Record<string, FlowStep>> = orderFlow): Drawing {
  const steps = placeSteps(oldStepsOf(flow));
  const outside = outsideOf(steps);
  return {
    height: endOf(steps) + 24,
    shapes: [
      pageTitle('Order flow before idempotency', 'Each call that arrives places an order: a repeated one, too.'),
      ...steps.flatMap((placed, index) => stepShapes(placed, index + 1, oldWords(placed.step))),
      ...outside.shapes,
      ...troubles.map((trouble) => troubleCard(steps, trouble)),
    ],
    lines: [...stepLines(steps), ...outside.lines, ...troubles.map((trouble) => troubleLine(steps, trouble))],
  };
}

function oldStepsOf(flow: Readonly<Record<string, FlowStep>>): Readonly<Record<string, FlowStep>> {
  return Object.fromEntries(Object.entries(flow).filter(([, step]) => !step.isNew));
}

function oldWords(step: FlowStep): string {
  return step.isNew ? step.does : step.didBefore;
}

function troubleCard(steps: readonly PlacedStep[], { at, title, texts }: Trouble): Shape {
  const frame = { ...frameOf(steps, at), ...columns.left };
  return noteCard({ name: title, frame, hue: hues.refused, title, texts });
}

function troubleLine(steps: readonly PlacedStep[], { at, title, isCause }: Trouble): Line {
  const here = middleYOf(frameOf(steps, at));
  const edge = columns.left.x + columns.left.width;
  const colour = hues.refused.ink;
  if (!isCause) {
    return { from: at, to: title, along: level(here, columns.middle.x, edge), colour };
  }
  const along = acrossGap(here, middleYOf(frameOf(steps, 'receive')));
  return { from: title, to: 'receive', along, colour };
}
