/** A cumulative bucket: how much was at most its upper bound, which is Infinity for the last. */
export interface Bucket {
  readonly upperBound: number;
  readonly count: number;
}

/**
 * Estimates a quantile from the buckets of a histogram, as Prometheus' `histogram_quantile` does for classic histograms (function
 * `BucketQuantile` in promql/quantile.go, https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile): what is in a
 * bucket is taken to lie evenly between its bounds, the first one beginning at 0; of what lies beyond the last bound, only that bound is known.
 * @param quantile from 0 to 1
 * @returns undefined where nothing was counted, or the last bucket has an end
 */
export function histogramQuantile(quantile: number, buckets: readonly Bucket[]): number | undefined {
  const sorted = monotonic(buckets.toSorted((one, other) => one.upperBound - other.upperBound));
  const last = sorted.at(-1);
  if (last === undefined || sorted.length < 2 || last.upperBound !== Number.POSITIVE_INFINITY || !(last.count > 0)) {
    return undefined;
  }
  const rank = quantile * last.count;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const { upperBound, count } = sorted[index] ?? last;
  const below = sorted[index - 1] ?? { upperBound: 0, count: 0 };
  if (upperBound === Number.POSITIVE_INFINITY) {
    return below.upperBound;
  }
  if (index === 0 && upperBound <= 0) {
    return upperBound;
  }
  // A quantile of 0 may find an empty first bucket.
  const share = count === below.count ? 0 : (rank - below.count) / (count - below.count);
  return below.upperBound + (upperBound - below.upperBound) * share;
}

/** Buckets that are read while they are counted may be less than those below them. */
function monotonic(buckets: readonly Bucket[]): readonly Bucket[] {
  let most = 0;
  return buckets.map(({ upperBound, count }) => {
    most = Math.max(most, count);
    return { upperBound, count: most };
  });
}
