import { z } from 'zod';
import { type Drawing, toDot } from '../../../diagrams/drawing.ts';
import type { Frame } from '../../../diagrams/frame.ts';
import { layOut } from '../../../diagrams/render.ts';

/** A line of text, and what it covers. */
export interface DrawnText {
  /** The shape to which it belongs. */
  readonly shape: string;
  readonly text: string;
  readonly frame: Frame;
}

const operation = z.looseObject({
  op: z.string(),
  size: z.number().optional(),
  pt: z.tuple([z.number(), z.number()]).optional(),
  align: z.enum(['l', 'c', 'r']).optional(),
  width: z.number().optional(),
  text: z.string().optional(),
});
const layout = z.object({
  objects: z.array(z.looseObject({ name: z.string(), _ldraw_: z.array(operation).optional() })),
});

/** What part of its size a letter reaches above and below its line. */
const ABOVE = 0.73;
const BELOW = 0.22;
const SHARE_TO_THE_LEFT = { l: 0, c: 0.5, r: 1 } as const;

/** Every text of a drawing, where Graphviz puts it. */
export function textsIn(drawing: Drawing): readonly DrawnText[] {
  const { objects } = layout.parse(JSON.parse(layOut(toDot(drawing), 'json')));
  return objects.flatMap(({ name, _ldraw_: operations = [] }) => {
    let size = 0;
    return operations.flatMap((operation): readonly DrawnText[] => {
      size = operation.op === 'F' ? (operation.size ?? 0) : size;
      const { pt, width = 0, text = '', align = 'l' } = operation;
      if (operation.op !== 'T' || pt === undefined) {
        return [];
      }
      const x = pt[0] - width * SHARE_TO_THE_LEFT[align];
      const y = drawing.height - pt[1] - size * ABOVE;
      return [{ shape: name, text, frame: { x, y, width, height: size * (ABOVE + BELOW) } }];
    });
  });
}

/** The texts of each shape, behind each other. */
export function wordsIn(drawing: Drawing): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const { shape, text } of textsIn(drawing)) {
    words.set(shape, `${words.get(shape) ?? ''} ${text.trim()}`.trim());
  }
  return words;
}
