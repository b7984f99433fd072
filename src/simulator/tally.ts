import { build, type Histogram } from 'hdr-histogram-js';

/** What is counted while it happens. */
export type Counter =
  | 'calls'
  | 'attempts'
  | 'executed'
  | 'replayed'
  | 'cutConnections'
  | 'brokenStreams'
  | 'killedWorkers'
  | 'redisRestarts';

/** What is timed: in milliseconds, to the microsecond. */
export type Timing = 'create' | 'replay' | 'cancel' | 'toFinal';

const MICROSECONDS = 1_000;

export class Tally {
  readonly refusals = new Map<string, number>();
  readonly retries = new Map<string, number>();
  readonly #counters = new Map<Counter, number>();
  readonly #timings: Readonly<Record<Timing, Histogram>> = {
    create: build(),
    replay: build(),
    cancel: build(),
    toFinal: build(),
  };

  count(counter: Counter): void {
    increment(this.#counters, counter);
  }

  countOf(counter: Counter): number {
    return this.#counters.get(counter) ?? 0;
  }

  countRefusal(reason: string): void {
    increment(this.refusals, reason);
  }

  countRetry(reason: string): void {
    increment(this.retries, reason);
  }

  time(timing: Timing, tookMs: number): void {
    this.#timings[timing].recordValue(Math.max(0, Math.round(tookMs * MICROSECONDS)));
  }

  /** @returns undefined if nothing was timed */
  percentilesMs(timing: Timing): { p50: number; p90: number; p99: number; max: number } | undefined {
    const histogram = this.#timings[timing];
    if (histogram.totalCount === 0) {
      return undefined;
    }
    const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
    return { p50: at(50), p90: at(90), p99: at(99), max: histogram.maxValue / MICROSECONDS };
  }
}

export function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
