const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** An age for people: `3 min` for 200,000 ms. Two of a unit at least, so that 90 minutes are not one hour. */
export function readableAge(ageMs: number): string {
  const [size, unit] = steps.find(([ms]) => ageMs >= 2 * ms) ?? [1, 'ms'];
  return `${Math.floor(ageMs / size)} ${unit}`;
}

/** `1 order`, `2 orders`. */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}
