import { type FlowStep, orderFlow } from '../src/telemetry/order-flow.ts';
import type { Drawing } from './drawing.ts';
import { findingsBeside } from './finding-cards.ts';
import { outsideOf } from './flow-outside.ts';
import { columns, endOf, placeSteps, stepLines, stepShapes } from './flow-steps.ts';
import { legend, pageTitle } from './page-parts.ts';

/** The flow as it is, and what its check can find. */
export function drawOrderFlowWithIdempotency(flow: Readonly<Record<string, FlowStep>> = orderFlow): Drawing {
  const steps = placeSteps(flow);
  const outside = outsideOf(steps);
  const findings = findingsBeside(steps);
  const foot = legend(
    [
      { sample: 'new', text: 'exists for the sake of idempotency' },
      { sample: 'dashed', text: 'later, or only at need' },
    ],
    { ...columns.left, y: endOf(steps) - 50, height: 50 },
  );
  return {
    height: endOf(steps) + 24,
    shapes: [
      pageTitle('Order flow with idempotency', 'A repeated call gets the first one’s answer, and places nothing.'),
      ...steps.flatMap((placed, index) => stepShapes(placed, index + 1, placed.step.does)),
      ...outside.shapes,
      ...findings.shapes,
      ...foot.shapes,
    ],
    lines: [...stepLines(steps), ...outside.lines, ...findings.lines, ...foot.lines],
  };
}
