import type { Endpoint } from './endpoint.ts';
import { figuresOf } from './figures.ts';
import type { ReadResult, Unread } from './read-endpoint.ts';
import { type Reading, spanBetween } from './span.ts';
import { type Figure, maxOf, sumOf } from './sums.ts';
import type { View } from './view.ts';

/** Of one second alone, the 99th percentile is a matter of luck. */
const WINDOW_SECONDS = 10;
const MINUTE_MS = 60_000;

/** What was read in the last minute, as far as it is needed. */
export class History {
  readonly #tracks: readonly Track[];
  #rates: readonly { readonly atMs: number; readonly rate: Figure }[] = [];

  constructor(endpoints: readonly Endpoint[]) {
    this.#tracks = endpoints.map((endpoint) => new Track(endpoint));
  }

  /**
   * @param results in the order of the endpoints; undefined where there is no answer yet
   * @param atMs the time, by the clock of the readings
   */
  add(results: readonly (ReadResult | undefined)[], atMs: number): readonly View[] {
    const views = this.#tracks.map((track, index) => track.add(results[index], atMs));
    if (views.some(({ last }) => last !== undefined) || this.#rates.length > 0) {
      this.#rates = [
        ...this.#rates.filter((point) => atMs - point.atMs < MINUTE_MS),
        { atMs, rate: figuresOf(views).callsASecond },
      ];
    }
    return views;
  }

  /** Calls a second, the latest last. */
  get lastMinute(): readonly Figure[] {
    return this.#rates.map(({ rate }) => rate);
  }
}

/** What one process has told. */
class Track {
  /** Those of the window, the latest last. */
  #readings: readonly Reading[] = [];
  #view: View;
  #answeredAtMs: number | undefined;
  /** How long the process had been degraded in all, when it last was not. */
  #degradedBefore: Figure;

  constructor(endpoint: Endpoint) {
    this.#view = unreadView(endpoint, { kind: 'unread', problem: 'no answer yet', advice: 'wait for it' });
  }

  add(result: ReadResult | undefined, atMs: number): View {
    this.#answeredAtMs ??= atMs;
    if (result === undefined) {
      return { ...this.#view, silentSeconds: (atMs - this.#answeredAtMs) / 1_000 };
    }
    this.#answeredAtMs = atMs;
    const { endpoint } = this.#view;
    this.#view = result.kind === 'unread' ? unreadView(endpoint, result) : this.#readView(endpoint, result);
    return this.#view;
  }

  #readView(endpoint: Endpoint, result: ReadResult & { readonly kind: 'read' }): View {
    const last = this.#readings.at(-1);
    const recent = this.#readings.filter(({ atMs }) => result.atMs - atMs <= WINDOW_SECONDS * 1_000);
    // Where readings are further apart, there is only the one before.
    const [first = last] = recent;
    this.#readings = [...recent, result];
    return {
      endpoint,
      latest: result,
      silentSeconds: 0,
      last: last && spanBetween(last, result),
      window: first && spanBetween(first, result),
      degradedFor: this.#degradedFor(result),
    };
  }

  #degradedFor({ exposition }: Reading): Figure {
    const now = [exposition];
    const inAll = maxOf(now, 'degradedTime');
    if (maxOf(now, 'degraded') !== 1) {
      this.#degradedBefore = inAll;
      return undefined;
    }
    // The first time that it is, all of the time is of this time.
    const before = (sumOf(now, 'circuitChanges', { to: 'open' }) ?? 0) <= 1 ? 0 : this.#degradedBefore;
    // What was seen before may have been an earlier process.
    return inAll === undefined || before === undefined || inAll < before ? undefined : inAll - before;
  }
}

function unreadView(endpoint: Endpoint, latest: Unread): View {
  return { endpoint, latest, last: undefined, window: undefined, silentSeconds: 0, degradedFor: undefined };
}
