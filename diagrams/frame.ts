/** A rectangle on the page, by its left upper corner; y grows downwards. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function rightOf({ x, width }: Frame): number {
  return x + width;
}

export function bottomOf({ y, height }: Frame): number {
  return y + height;
}

/** How far right its middle is. */
export function middleXOf({ x, width }: Frame): number {
  return x + width / 2;
}

/** How far down its middle is. */
export function middleYOf({ y, height }: Frame): number {
  return y + height / 2;
}

/** How far inside its frame the rim of a cylinder is at this place: Graphviz makes it an eleventh of the height deep. */
export function rimAt({ x, width, height }: Frame, at: number): number {
  const fromMiddle = (2 * (at - x)) / width - 1;
  return (height / 11) * (1 - Math.sqrt(1 - fromMiddle ** 2));
}
