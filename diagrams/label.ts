import { ink, textSizes } from './theme.ts';

/** Text in the HTML of Graphviz. */
export type Label = string;

export interface Text {
  readonly text: string;
  readonly size?: number;
  readonly colour?: string;
  readonly isBold?: boolean;
  /** The most characters of a line; what is longer is wrapped between words. */
  readonly charactersMax?: number;
}

export interface Block {
  readonly texts: readonly Text[];
  readonly align?: 'left' | 'center' | 'right';
  /** The width that it is aligned in. */
  readonly width: number;
}

/** Texts below each other. */
export function blockLabel({ texts, align = 'left', width }: Block): Label {
  const rows = texts.flatMap(({ charactersMax = Number.POSITIVE_INFINITY, ...text }) =>
    wrap(text.text, charactersMax).map((line) => cell([{ ...text, text: line }], align, width)),
  );
  return table(rows.map((row) => [row]));
}

/** Labels below each other. */
export function stack(labels: readonly Label[]): Label {
  return table(labels.map((label) => [`<TD>${label}</TD>`]));
}

/** Cells, row by row, without lines between them. */
export function table(rows: readonly (readonly string[])[]): Label {
  const inner = rows.map((cells) => `<TR>${cells.join('')}</TR>`).join('');
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">${inner}</TABLE>`;
}

/** Texts behind each other. */
export function cell(texts: readonly Text[], align: 'left' | 'center' | 'right', width: number): string {
  return `<TD CELLPADDING="1" ALIGN="${align.toUpperCase()}" WIDTH="${width}">${texts.map(run).join('')}</TD>`;
}

function run({ text, size = textSizes.body, colour = ink, isBold = false }: Text): string {
  const words = isBold ? `<B>${escaped(text)}</B>` : escaped(text);
  return `<FONT POINT-SIZE="${size}" COLOR="${colour}">${words}</FONT>`;
}

/** Lines within the limit: two that part at a pause, if that is enough, else as few and as even as can be. */
export function wrap(text: string, charactersMax: number): readonly string[] {
  if (text.length <= charactersMax) {
    return [text];
  }
  const halves = Array.from(text.matchAll(/[,;:] /g), ({ index }) => [text.slice(0, index + 1), text.slice(index + 2)])
    .filter((lines) => longest(lines) <= charactersMax)
    .sort((one, other) => longest(one) - longest(other));
  return halves[0] ?? evenly(text, charactersMax);
}

function longest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}

function evenly(text: string, charactersMax: number): readonly string[] {
  const lines = filled(text, charactersMax);
  let evenMax = longest(lines);
  while (evenMax > 1 && filled(text, evenMax - 1).length === lines.length) {
    evenMax -= 1;
  }
  return filled(text, evenMax);
}

function filled(text: string, charactersMax: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= charactersMax) {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
