const HEIGHTS = '▁▂▃▄▅▆▇█';

/** Draws values as columns: the highest is of full height, 0 is flat, more than 0 is higher than that, and what is not known is blank. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const most = Math.max(0, ...values.filter((value) => value !== undefined));
  return values.map((value) => (value === undefined ? ' ' : column(value, most))).join('');
}

function column(value: number, most: number): string {
  const height = most === 0 ? 0 : Math.ceil((value / most) * (HEIGHTS.length - 1));
  return HEIGHTS.charAt(height);
}
