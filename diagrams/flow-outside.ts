import type { FlowStep } from '../src/telemetry/order-flow.ts';
import type { Line, Part, Shape } from './drawing.ts';
import { columns, type PlacedStep } from './flow-steps.ts';
import { bottomOf, type Frame, middleYOf } from './frame.ts';
import { blockLabel } from './label.ts';
import { level } from './route.ts';
import { hues, paleInk, textSizes } from './theme.ts';

/** A store beside the steps that ask it. */
export interface AskedStore {
  readonly store: NonNullable<FlowStep['asks']>;
  readonly askedBy: readonly PlacedStep[];
  readonly frame: Frame;
}

/** Steps that ask the same store in one go (they share a span) share its picture, too. */
export function storesBeside(steps: readonly PlacedStep[]): readonly AskedStore[] {
  const stores: AskedStore[] = [];
  for (const placed of steps) {
    const { asks, span } = placed.step;
    const last = stores.at(-1);
    if (asks !== undefined && last?.store === asks && last.askedBy.every(({ step }) => step.span === span)) {
      const frame = { ...last.frame, height: bottomOf(placed.frame) - last.frame.y };
      stores[stores.length - 1] = { store: asks, askedBy: [...last.askedBy, placed], frame };
    } else if (asks !== undefined) {
      stores.push({ store: asks, askedBy: [placed], frame: { ...placed.frame, ...columns.right } });
    }
  }
  return stores;
}

export function storeName({ store, askedBy }: AskedStore): string {
  return `${store} for ${askedBy.map(({ name }) => name).join(', ')}`;
}

/** Who is asked by the steps, and the caller before the first of them and after the answer. */
export function outsideOf(steps: readonly PlacedStep[]): Part {
  const stores = storesBeside(steps);
  const callers = steps.flatMap(callerBeside);
  return {
    shapes: [...stores.map(storeShape), ...callers.flatMap(({ shapes }) => shapes)],
    lines: [...stores.flatMap(storeLines), ...callers.flatMap(({ lines }) => lines)],
  };
}

function storeShape(asked: AskedStore): Shape {
  const hue = asked.store === 'Redis' ? hues.redis : hues.postgresql;
  const texts = [
    { text: asked.store, size: textSizes.heading, isBold: true, colour: hue.ink },
    ...(asked.askedBy.length > 1 ? [{ text: 'one statement,' }, { text: 'one transaction' }] : []),
  ];
  const label = blockLabel({ texts, align: 'center', width: columns.right.width - 8 });
  return { name: storeName(asked), frame: asked.frame, kind: 'cylinder', fill: hue.tint, border: hue.ink, label };
}

function storeLines(asked: AskedStore): readonly Line[] {
  return asked.askedBy.map(({ name, frame }) => ({
    from: name,
    to: storeName(asked),
    along: level(middleYOf(frame), columns.middle.x + columns.middle.width, columns.right.x),
  }));
}

function callerBeside({ name, frame }: PlacedStep): readonly Part[] {
  const y = middleYOf(frame);
  const inward = level(y, columns.right.x, columns.middle.x + columns.middle.width);
  const client = `client beside ${name}`;
  switch (name) {
    case 'receive':
      return [{ shapes: [callerShape(client, 'calls', frame)], lines: [{ from: client, to: name, along: inward }] }];
    case 'answer': {
      const along = inward.toReversed();
      return [{ shapes: [callerShape(client, 'has its answer', frame)], lines: [{ from: name, to: client, along }] }];
    }
    default:
      return [];
  }
}

function callerShape(name: string, does: string, { y, height }: Frame): Shape {
  const texts = [
    { text: 'Client', size: textSizes.heading, isBold: true, colour: hues.client.ink },
    { text: does, colour: paleInk },
  ];
  const frame = { ...columns.right, y: y + 6, height: height - 12 };
  const label = blockLabel({ texts, align: 'center', width: frame.width - 16 });
  return { name, frame, kind: 'card', fill: hues.client.tint, border: hues.client.ink, label };
}
