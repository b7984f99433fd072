import type { recordTransitions } from '../src/idempotency/record-life.ts';
import { bottomOf, type Frame, rightOf } from './frame.ts';
import { bend, detour, level, type Point } from './route.ts';

type Transition = (typeof recordTransitions)[number];
export type StateName = Transition['from' | 'to'];
type PairOf<T> = T extends { from: infer From extends string; to: infer To extends string }
  ? `${From} to ${To}`
  : never;
export type Pair = PairOf<Transition>;

/** A way from state to state, and the place of its words. */
export interface StateRoute {
  readonly along: readonly Point[];
  readonly words: WordsPlace;
}

export interface WordsPlace {
  readonly x: number;
  readonly width: number;
  /** Where they end, or begin if they are below. */
  readonly y: number;
  readonly isBelow: boolean;
}

const TOP = 178;
const BOTTOM = 502;
const UPPER = TOP + 34;
const LOWER = BOTTOM - 34;
const MIDDLE = (TOP + BOTTOM) / 2;
/** Where the picture ends. */
export const statesBottom = BOTTOM + 152;

/** From left to right as a key grows older; what spans several rows has ways at several heights. */
export const stateFrames = {
  ABSENT: { x: 20, y: TOP, width: 116, height: BOTTOM - TOP },
  PENDING: { x: 310, y: TOP, width: 126, height: BOTTOM - TOP },
  COMPLETED: { x: 622, y: TOP, width: 126, height: 68 },
  FAILED: { x: 622, y: BOTTOM - 68, width: 126, height: 68 },
  EXPIRED: { x: 794, y: MIDDLE - 44, width: 106, height: 88 },
} as const satisfies Readonly<Record<StateName, Frame>>;

const { ABSENT, PENDING, COMPLETED, EXPIRED } = stateFrames;

const FIRST_GAP = { x: rightOf(ABSENT) + 10, width: PENDING.x - rightOf(ABSENT) - 20 };
const SECOND_GAP = { x: rightOf(PENDING) + 10, width: COMPLETED.x - rightOf(PENDING) - 20 };
const WIDE_GAP = { x: rightOf(PENDING) + 10, width: EXPIRED.x - rightOf(PENDING) - 20 };
/** Where ways that go round others are level. */
const ROUND = { above: TOP - 62, below: BOTTOM + 84, farBelow: BOTTOM + 128 };
const LOOP = { left: PENDING.x + 38, right: PENDING.x + 88, depth: 34 };

/** The ways of a pair, for its rows in their order. A row that has none is told in words below the picture. */
export const stateRoutes: Readonly<Record<Pair, readonly StateRoute[]>> = {
  'ABSENT to PENDING': [{ along: level(UPPER, rightOf(ABSENT), PENDING.x), words: above(FIRST_GAP, UPPER) }],
  'PENDING to ABSENT': [
    { along: level(MIDDLE, PENDING.x, rightOf(ABSENT)), words: above(FIRST_GAP, MIDDLE) },
    { along: level(LOWER, PENDING.x, rightOf(ABSENT)), words: above(FIRST_GAP, LOWER) },
  ],
  'PENDING to PENDING': [
    {
      along: detour([LOOP.left, BOTTOM], BOTTOM + LOOP.depth, [LOOP.right, BOTTOM]),
      words: below({ x: LOOP.right + 10, width: 200 }, BOTTOM),
    },
    {
      along: detour([LOOP.left, TOP], TOP - LOOP.depth, [LOOP.right, TOP]),
      words: above({ x: LOOP.right + 10, width: 250 }, TOP - 16),
    },
  ],
  'PENDING to COMPLETED': [{ along: level(UPPER, rightOf(PENDING), COMPLETED.x), words: above(SECOND_GAP, UPPER) }],
  'PENDING to FAILED': [{ along: level(LOWER, rightOf(PENDING), COMPLETED.x), words: above(SECOND_GAP, LOWER) }],
  'EXPIRED to PENDING': [{ along: level(MIDDLE, EXPIRED.x, rightOf(PENDING)), words: above(WIDE_GAP, MIDDLE) }],
  'COMPLETED to EXPIRED': [
    {
      along: bend([rightOf(COMPLETED), UPPER], [EXPIRED.x + 34, EXPIRED.y]),
      words: above({ x: rightOf(COMPLETED) + 10, width: 150 }, UPPER),
    },
  ],
  'FAILED to EXPIRED': [
    {
      along: bend([rightOf(COMPLETED), LOWER], [EXPIRED.x + 34, bottomOf(EXPIRED)]),
      words: below({ x: rightOf(COMPLETED) + 10, width: 106 }, LOWER),
    },
  ],
  'ABSENT to COMPLETED': [
    { along: detour([98, TOP], ROUND.above, [685, TOP]), words: above({ ...FIRST_GAP, width: 500 }, ROUND.above) },
  ],
  'ABSENT to FAILED': [
    {
      along: detour([98, BOTTOM], ROUND.below, [685, BOTTOM]),
      words: above({ ...FIRST_GAP, width: 500 }, ROUND.below),
    },
  ],
  'EXPIRED to ABSENT': [
    {
      along: detour([872, bottomOf(EXPIRED)], ROUND.farBelow, [58, BOTTOM]),
      words: above({ ...FIRST_GAP, width: 600 }, ROUND.farBelow),
    },
  ],
};

type Span = Pick<WordsPlace, 'x' | 'width'>;

function above(span: Span, y: number): WordsPlace {
  return { ...span, y: y - 4, isBelow: false };
}

function below(span: Span, y: number): WordsPlace {
  return { ...span, y: y + 4, isBelow: true };
}
