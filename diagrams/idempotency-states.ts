import { type RecordTransition, recordStates, recordTransitions } from '../src/idempotency/record-life.ts';
import type { Drawing, Line, Shape } from './drawing.ts';
import { blockLabel } from './label.ts';
import { caption, legend, pageTitle } from './page-parts.ts';
import { type StateName, type StateRoute, stateFrames, stateRoutes, statesBottom } from './state-routes.ts';
import { type Hue, hues, MARGIN, PAGE_WIDTH, paleInk, textSizes } from './theme.ts';
import { captionOf, inWords } from './transition-words.ts';

/** Where a record of each state is known. */
const homes = {
  ABSENT: { known: ['nobody has it'], hue: hues.neutral },
  PENDING: { known: ['known to', 'Redis alone'], hue: hues.redis },
  COMPLETED: { known: ['ledger and Redis'], hue: hues.postgresql },
  FAILED: { known: ['ledger and Redis'], hue: hues.postgresql },
  EXPIRED: { known: ['known to the', 'ledger alone'], hue: hues.postgresql },
} as const satisfies Readonly<Record<StateName, { readonly known: readonly string[]; readonly hue: Hue }>>;

const stateNames: readonly StateName[] = ['ABSENT', ...recordStates];

/** The life of a record. */
export function drawIdempotencyStates(transitions: readonly RecordTransition[] = recordTransitions): Drawing {
  const ways = placeTransitions(transitions);
  const told = ways.filter(({ route }) => route === undefined).map(({ row }) => inWords(row));
  const foot = legend(
    [
      { sample: 'solid', text: 'a script of the store' },
      { sample: 'dashed', text: 'nothing but time' },
    ],
    { x: PAGE_WIDTH - 210, y: 18, width: 190, height: 50 },
  );
  return {
    height: statesBottom + told.length * 20,
    shapes: [
      pageTitle('The life of an idempotency record', 'What is known about a key, and what moves it on.'),
      ...stateNames.map(stateShape),
      ...ways.flatMap(({ row, route }, index) => (route === undefined ? [] : [captionOf(row, route.words, index)])),
      ...told.map((text, index) => remark(text, statesBottom - 12 + index * 20)),
      ...foot.shapes,
    ],
    lines: [...ways.flatMap(({ row, route }) => (route === undefined ? [] : [lineOf(row, route)])), ...foot.lines],
  };
}

interface Way {
  readonly row: RecordTransition;
  readonly route: StateRoute | undefined;
}

/** Each row takes the next of the ways that there are between its states. */
function placeTransitions(rows: readonly RecordTransition[]): readonly Way[] {
  const routes = new Map<string, readonly StateRoute[]>(Object.entries(stateRoutes));
  return rows.map((row, index) => {
    const nth = rows.slice(0, index).filter(({ from, to }) => from === row.from && to === row.to).length;
    return { row, route: routes.get(`${row.from} to ${row.to}`)?.[nth] };
  });
}

function stateShape(name: StateName): Shape {
  const { known, hue } = homes[name];
  const frame = stateFrames[name];
  const texts = [
    { text: name, size: textSizes.heading, isBold: true, colour: hue.ink },
    ...known.map((text) => ({ text, size: textSizes.small, colour: paleInk })),
  ];
  const label = blockLabel({ texts, align: 'center', width: frame.width - 16 });
  return { name, frame, kind: 'card', fill: hue.tint, border: hue.ink, label };
}

function lineOf({ from, to, by }: RecordTransition, { along }: StateRoute): Line {
  const isTime = by === 'time';
  return { from, to, along, colour: isTime ? hues.neutral.ink : hues.idempotency.ink, isDashed: isTime };
}

function remark(text: string, y: number): Shape {
  return caption(text, { x: MARGIN, y, width: PAGE_WIDTH - 2 * MARGIN, height: 20 }, [text]);
}
