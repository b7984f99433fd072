import type { Frame } from './frame.ts';
import type { Label } from './label.ts';
import { type Point, splineThrough } from './route.ts';
import { ink, PAGE_WIDTH, paper } from './theme.ts';

/** Something with a place of its own. Those that come later lie on top of those before. */
export interface Shape {
  readonly name: string;
  readonly frame: Frame;
  readonly kind: 'card' | 'pill' | 'disc' | 'cylinder' | 'text';
  readonly label?: Label;
  readonly fill?: string;
  readonly border?: string;
  readonly borderWidth?: number;
  readonly isDashed?: boolean;
}

/** A line between two shapes, along these points. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly along: readonly Point[];
  readonly colour?: string;
  readonly isDashed?: boolean;
  /** Whether there is an arrowhead at its end; so it is, unless this says otherwise. */
  readonly hasHead?: boolean;
}

/** What belongs together on a page. */
export interface Part {
  readonly shapes: readonly Shape[];
  readonly lines: readonly Line[];
}

/** A whole page. */
export interface Drawing extends Part {
  readonly height: number;
}

const kinds = {
  card: 'shape=box, style="rounded,filled$"',
  pill: 'shape=box, style="rounded,filled$"',
  disc: 'shape=circle, style="filled$"',
  cylinder: 'shape=cylinder, style="filled$"',
  text: 'shape=plain, style=""',
} as const satisfies Readonly<Record<Shape['kind'], string>>;

/** The drawing in the language of Graphviz, with a place for everything: nothing is left for it but to draw. */
export function toDot({ height, shapes, lines }: Drawing): string {
  const page: Shape = {
    name: 'page',
    frame: { x: 0, y: 0, width: PAGE_WIDTH, height },
    kind: 'card',
    fill: paper,
    borderWidth: 0,
  };
  return [
    'digraph {',
    '  graph [bgcolor="transparent", pad=0, outputorder=nodesfirst];',
    '  node [fontname="Arial", fixedsize=true];',
    '  edge [arrowsize=0.8, penwidth=1.4];',
    ...[page, ...shapes].map(toNode),
    ...lines.map(toEdge),
    '}',
    '',
  ].join('\n');
}

function toNode({ name, frame, kind, label, fill, border, borderWidth = 1.2, isDashed = false }: Shape): string {
  const { x, y, width, height } = frame;
  const attributes = [
    `pos="${x + width / 2},${-(y + height / 2)}"`,
    `width=${width / 72}, height=${height / 72}`,
    kinds[kind].replace('$', isDashed ? ',dashed' : ''),
    `fillcolor="${fill ?? paper}", color="${border ?? fill ?? paper}", penwidth=${borderWidth}`,
    `label=${label === undefined ? '""' : `<${label}>`}`,
  ];
  return `  "${name}" [${attributes.join(', ')}];`;
}

function toEdge({ from, to, along, colour = ink, isDashed = false, hasHead = true }: Line): string {
  const style = `color="${colour}", style=${isDashed ? 'dashed' : 'solid'}, dir=${hasHead ? 'forward' : 'none'}`;
  return `  "${from}" -> "${to}" [pos="${splineThrough(along, hasHead)}", ${style}];`;
}
