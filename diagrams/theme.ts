/**
 * The visual language of all pictures: a colour says to which part of the system something belongs, a shape what kind of thing
 * it is, a dashed line that it happens later or only at need.
 */

/** The width of every picture in units, so that a letter has the same size in all of them. GitHub shows a unit as about a pixel. */
export const PAGE_WIDTH = 920;
export const MARGIN = 20;

/** Pixels for a unit: sharp on dense screens, too. */
export const PIXELS_A_UNIT = 2;

export interface Hue {
  /** For borders, lines and names. */
  readonly ink: string;
  /** For areas that carry text. */
  readonly tint: string;
}

export const hues = {
  client: { ink: '#475569', tint: '#f1f5f9' },
  transport: { ink: '#0e7490', tint: '#ecf8fb' },
  idempotency: { ink: '#6d4bc4', tint: '#f4f0fd' },
  orders: { ink: '#8a6500', tint: '#fdf7e3' },
  database: { ink: '#1d5fa8', tint: '#ebf3fc' },
  fulfilment: { ink: '#c2570c', tint: '#fef2e8' },
  events: { ink: '#b02a74', tint: '#fdeef6' },
  telemetry: { ink: '#5b6b2f', tint: '#f4f8e8' },
  redis: { ink: '#b3261e', tint: '#fdeeec' },
  postgresql: { ink: '#1d5fa8', tint: '#ebf3fc' },
  refused: { ink: '#b3261e', tint: '#ffffff' },
  neutral: { ink: '#64748b', tint: '#ffffff' },
  ground: { ink: '#cbd5e1', tint: '#f8fafc' },
} as const satisfies Readonly<Record<string, Hue>>;

export const ink = '#1e293b';
export const paleInk = '#5b6779';
export const paper = '#ffffff';
/** For what exists for the sake of idempotency. */
export const newInk = '#15803d';

export const textSizes = { title: 21, heading: 15, body: 13, small: 12 } as const;
