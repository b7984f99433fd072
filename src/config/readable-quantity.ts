const steps: Readonly<Record<string, readonly (readonly [size: number, name: string])[]>> = {
  ms: [
    [86_400_000, 'd'],
    [60_000, 'min'],
    [1_000, 's'],
  ],
  bytes: [
    [1_048_576, 'MiB'],
    [1_024, 'KiB'],
  ],
};

/** `604800000` ms gives `7 d`; undefined where a larger unit does not divide the amount or would not make it shorter. */
export function readableQuantity(amount: string, unit: string): string | undefined {
  const value = Number(amount);
  const step = (steps[unit] ?? []).find(([size]) => value >= size && value % size === 0);
  return step === undefined ? undefined : `${value / step[0]} ${step[1]}`;
}
