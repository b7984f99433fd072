import type { Shape } from './drawing.ts';
import type { Frame } from './frame.ts';
import { blockLabel } from './label.ts';
import { type Hue, hues, paleInk, paper, textSizes } from './theme.ts';

export interface StoreContents {
  readonly title: string;
  readonly text: string;
  readonly hue: Hue;
  /** What is kept there: what it is called, and what it is. */
  readonly kept: readonly (readonly [name: string, is: string])[];
}

export const redis: StoreContents = {
  title: 'Redis or Valkey',
  text: 'makes it fast; may forget',
  hue: hues.redis,
  kept: [
    ['records', 'claims, and answers for 24 h'],
    ['wake-up channel', 'for those who wait'],
    ['orders.events', 'the stream of events'],
    ['running calls', 'for those who ask'],
    ['consumer groups', 'how far each has read'],
    ['dead letters', 'what nobody could handle'],
  ],
};

export const postgresql: StoreContents = {
  title: 'PostgreSQL',
  text: 'makes it true',
  hue: hues.postgresql,
  kept: [
    ['orders, order_items', 'what was placed'],
    ['idempotency_keys', 'the ledger'],
    ['order_events', 'every change, numbered'],
    ['graphile_worker', 'the queue of jobs'],
    ['order_steps', 'how far processing is'],
    ['workers', 'their heartbeats'],
  ],
};

const GAP = 8;
const ROW_HEIGHT = 42;
const TITLE_HEIGHT = 98;

const rowsMax = Math.ceil(Math.max(redis.kept.length, postgresql.kept.length) / 2);

/** Both stores are as high as the one in which there is more. */
export const storesHeight = TITLE_HEIGHT + rowsMax * (ROW_HEIGHT + GAP) + 28;

/** A store, open: with what is kept in it. */
export function storeShapes({ title, text, hue, kept }: StoreContents, frame: Frame): readonly Shape[] {
  const width = (frame.width - 3 * 12) / 2;
  const heading = blockLabel({
    texts: [
      { text: title, size: textSizes.heading, isBold: true, colour: hue.ink },
      { text, colour: paleInk },
    ],
    align: 'center',
    width: frame.width - 24,
  });
  return [
    { name: title, frame, kind: 'cylinder', fill: hue.tint, border: hue.ink },
    { name: `${title}: title`, frame: { ...frame, y: frame.y + 50, height: 44 }, kind: 'text', label: heading },
    ...kept.map(([name, is], index): Shape => {
      const x = frame.x + 12 + (index % 2) * (width + 12);
      const y = frame.y + TITLE_HEIGHT + Math.floor(index / 2) * (ROW_HEIGHT + GAP);
      const texts = [
        { text: name, isBold: true },
        { text: is, size: textSizes.small, colour: paleInk },
      ];
      const label = blockLabel({ texts, width: width - 20 });
      return {
        name,
        frame: { x, y, width, height: ROW_HEIGHT },
        kind: 'card',
        fill: paper,
        border: hue.ink,
        borderWidth: 0.8,
        label,
      };
    }),
  ];
}
