// People write '5s' and '1MiB'. The settings take plain numbers only, so that a value means the same everywhere it is
// copied to, but the message about a refused value can say which number was meant.

const millisecondsBySuffix: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['sec', 1_000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const bytesBySuffix: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['k', 1_024],
  ['kb', 1_000],
  ['kib', 1_024],
  ['m', 1_048_576],
  ['mb', 1_000_000],
  ['mib', 1_048_576],
]);

/** `5s` gives 5000; undefined for anything that is not a number and a unit of time. */
export function milliseconds(text: string): number | undefined {
  return scaled(text, millisecondsBySuffix);
}

/** `1MiB` gives 1048576; undefined for anything that is not a number and a unit of size. */
export function wholeBytes(text: string): number | undefined {
  return scaled(text, bytesBySuffix);
}

function scaled(text: string, factorBySuffix: ReadonlyMap<string, number>): number | undefined {
  const [, amount, suffix] = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)\s?([a-z]{1,3})$/i.exec(text) ?? [];
  const factor = factorBySuffix.get((suffix ?? '').toLowerCase());
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
