export type Point = readonly [x: number, y: number];

/** A level way. */
export function level(y: number, from: number, to: number): readonly Point[] {
  return [
    [from, y],
    [to, y],
  ];
}

/** An upright way. */
export function upright(x: number, from: number, to: number): readonly Point[] {
  return [
    [x, from],
    [x, to],
  ];
}

/** First level, then upright. */
export function bend(from: Point, to: Point): readonly Point[] {
  return [from, [to[0], from[1]], to];
}

/** Upright to some height, level, and upright again. */
export function detour(from: Point, height: number, to: Point): readonly Point[] {
  return [from, [from[0], height], [to[0], height], to];
}

const CORNER_RADIUS = 8;
/** How long the head of an arrow is: the line ends there. */
export const HEAD_LENGTH = 8;

/**
 * The cubic curve, as Graphviz takes it, along straight lines with round corners.
 * @param points in page coordinates, y downwards; at least two
 * @returns the control points, y upwards
 */
export function splineThrough(points: readonly Point[], hasHead: boolean): string {
  const end = points.at(-1) ?? [0, 0];
  const shaft = hasHead ? [...points.slice(0, -1), towards(end, points.at(-2) ?? end, HEAD_LENGTH)] : points;
  const [start = end, ...rest] = shaft;
  const curve: Point[] = [start];
  rest.forEach((corner, index) => {
    const next = rest[index + 1];
    const from = curve.at(-1) ?? start;
    if (next === undefined) {
      curve.push(between(from, corner, 1 / 3), between(from, corner, 2 / 3), corner);
      return;
    }
    const radius = Math.min(CORNER_RADIUS, distance(from, corner), distance(corner, next) / 2);
    const before = towards(corner, from, radius);
    const after = towards(corner, next, radius);
    curve.push(between(from, before, 1 / 3), between(from, before, 2 / 3), before);
    curve.push(between(before, corner, 2 / 3), between(after, corner, 2 / 3), after);
  });
  return [...(hasHead ? [`e,${upwards(end)}`] : []), ...curve.map(upwards)].join(' ');
}

function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}

function between([ax, ay]: Point, [bx, by]: Point, share: number): Point {
  return [ax + (bx - ax) * share, ay + (by - ay) * share];
}

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to);
  return whole === 0 ? from : between(from, to, length / whole);
}

function upwards([x, y]: Point): string {
  return `${round(x)},${round(-y)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
