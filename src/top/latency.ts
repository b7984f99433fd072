import type { HistogramKey } from '../telemetry/instruments.ts';
import { type Bucket, histogramQuantile } from './histogram-quantile.ts';
import { bucketsOf, type Where } from './samples.ts';
import { growth, type Span } from './span.ts';
import type { Figure } from './sums.ts';

/** How long something took, in seconds. */
export interface Latency {
  readonly p50: Figure;
  readonly p99: Figure;
  /** How often it was done. */
  readonly aSecond: Figure;
}

/** The latency of what was measured within the spans, in all processes together. */
export function latencyOf<Key extends HistogramKey>(spans: readonly Span[], key: Key, where: Where<Key> = {}): Latency {
  const counts = new Map<number, number>();
  let aSecond: Figure;
  for (const span of spans) {
    for (const { labels, increase } of growth(span, (exposition) => bucketsOf(exposition, key, where))) {
      const upperBound = boundOf(labels.get('le'));
      counts.set(upperBound, (counts.get(upperBound) ?? 0) + increase);
      if (upperBound === Number.POSITIVE_INFINITY) {
        aSecond = (aSecond ?? 0) + increase / span.seconds;
      }
    }
  }
  const buckets: readonly Bucket[] = [...counts].map(([upperBound, count]) => ({ upperBound, count }));
  return { p50: histogramQuantile(0.5, buckets), p99: histogramQuantile(0.99, buckets), aSecond };
}

function boundOf(text: string | undefined): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}
