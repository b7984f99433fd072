import { readableAge } from '../doctor/age.ts';

/** What is shown of a figure that is not known: never 0, which would be good news. */
export const UNKNOWN = '–';

/** A number of things: `12`, `1.2 k`, `3.4 M`. Parts of one have a decimal. */
export function readableCount(count: number | undefined): string {
  return readable(count, ['', 'k', 'M', 'G', 'T'], 1_000);
}

/** A size: `512 MiB`. */
export function readableBytes(bytes: number | undefined): string {
  return readable(bytes, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1_024);
}

/** A duration or an age: `310 µs`, `3.4 ms`, `12 s`, `3 min`. */
export function readableSeconds(seconds: number | undefined): string {
  if (!isKnown(seconds)) {
    return UNKNOWN;
  }
  if (seconds === 0) {
    return '0 s';
  }
  return seconds < 10 ? readable(seconds * 1e6, ['µs', 'ms', 's'], 1_000) : readableAge(Math.round(seconds) * 1_000);
}

/** A share of one: `34 %`. */
export function readableShare(share: number | undefined): string {
  return isKnown(share) ? `${Math.round(share * 100)} %` : UNKNOWN;
}

/** Two digits below 10, three below 1,000: no more is read at a glance. */
function readable(amount: number | undefined, units: readonly string[], step: number): string {
  if (!isKnown(amount)) {
    return UNKNOWN;
  }
  let scaled = amount;
  let index = 0;
  // What would be rounded to a whole step is one of the next unit.
  while (Math.round(scaled) >= step && index < units.length - 1) {
    scaled /= step;
    index += 1;
  }
  const digits =
    scaled > 0 && scaled < 0.05 ? '<0.1' : scaled.toFixed(scaled < 9.95 && !Number.isInteger(scaled) ? 1 : 0);
  return `${digits.replace(/\.0$/, '')} ${units[index]}`.trimEnd();
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}
