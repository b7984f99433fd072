import { styleText } from 'node:util';

/** What is wrong is red, what is worse than it should be yellow, and nothing else has a colour. */
export type Tone = 'fault' | 'warning' | undefined;

export type Paint = (text: string, tone: Tone) => string;

const colours = { fault: 'red', warning: 'yellow' } as const;

export const inColour: Paint = (text, tone) =>
  tone === undefined ? text : styleText(colours[tone], text, { validateStream: false });

export const withoutColour: Paint = (text) => text;
