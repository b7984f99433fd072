import type { Frame } from './frame.ts';

/** Where the rows of the overview begin. */
export const rowTops = { outside: 88, service: 250, stores: 386, workers: 756 } as const;

/** How high the cards are in all rows but that of the stores. */
export const CARD_HEIGHT = 64;

/** One of its four columns. */
export type Column = 0 | 1 | 2 | 3;

const FIRST_X = 36;
const COLUMN_WIDTH = 194;
const COLUMN_PITCH = 218;

/** A place in the grid, over one column or several. */
export function placeIn(first: Column, last: Column, y: number, height: number): Frame {
  return { x: FIRST_X + first * COLUMN_PITCH, y, width: (last - first) * COLUMN_PITCH + COLUMN_WIDTH, height };
}

export type CardRow = Exclude<keyof typeof rowTops, 'stores'>;

export function cardPlace(column: Column, row: CardRow): Frame {
  return placeIn(column, column, rowTops[row], CARD_HEIGHT);
}

/** A frame round others, with room for a title above or below them. */
export function around(
  { x, y, width, height }: Frame,
  room: { readonly above: number; readonly below: number },
): Frame {
  return { x: x - 16, y: y - room.above, width: width + 32, height: height + room.above + room.below };
}

/** What stands round several cards: the service, and its workers. */
export const service = around(placeIn(0, 3, rowTops.service, CARD_HEIGHT), { above: 40, below: 16 });
export const workers = around(placeIn(1, 2, rowTops.workers, CARD_HEIGHT), { above: 16, below: 40 });
