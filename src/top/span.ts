import type { Exposition } from './exposition.ts';
import { type Samples, samplesOf } from './samples.ts';

/** Metrics as they were read. */
export interface Reading {
  readonly exposition: Exposition;
  /** When, by a clock that is never put back. */
  readonly atMs: number;
}

/** Two readings of one process. */
export interface Span {
  /** Empty if the process has begun anew since: then it has counted from 0. */
  readonly earlier: Exposition;
  readonly later: Exposition;
  readonly seconds: number;
}

export function spanBetween(earlier: Reading, later: Reading): Span {
  const hasBegunAnew = uptimeOf(later.exposition) < uptimeOf(earlier.exposition);
  return {
    earlier: hasBegunAnew ? new Map() : earlier.exposition,
    later: later.exposition,
    seconds: (later.atMs - earlier.atMs) / 1_000,
  };
}

/**
 * By how much series have grown. One that is less than it was has begun anew, as Prometheus' `rate` takes it; one that was not there
 * has begun since.
 */
export function growth(span: Span, select: (exposition: Exposition) => Samples): readonly Growth[] {
  const before = select(span.earlier);
  return [...select(span.later)].map(([identity, { labels, value }]) => {
    const earlier = before.get(identity)?.value ?? 0;
    return { labels, increase: value < earlier ? value : value - earlier };
  });
}

export interface Growth {
  readonly labels: ReadonlyMap<string, string>;
  readonly increase: number;
}

function uptimeOf(exposition: Exposition): number {
  const [sample] = samplesOf(exposition, 'uptime', {}).values();
  return sample?.value ?? Number.NaN;
}
