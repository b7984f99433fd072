import type { InstrumentKey } from '../telemetry/instruments.ts';
import type { Exposition } from './exposition.ts';
import { samplesOf, type Where } from './samples.ts';
import { growth, type Span } from './span.ts';

/** A number, or undefined while it is not known. */
export type Figure = number | undefined;

/** The sum of what is known. */
export function sumOf<Key extends InstrumentKey>(now: readonly Exposition[], key: Key, where: Where<Key> = {}): Figure {
  return added(valuesOf(now, key, where));
}

/** The largest of what is known: right for what is the same in all processes, and for the worst of ages. */
export function maxOf<Key extends InstrumentKey>(now: readonly Exposition[], key: Key, where: Where<Key> = {}): Figure {
  const known = valuesOf(now, key, where).filter((value) => !Number.isNaN(value));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** How much the counters of all processes grow in a second. */
export function rateOf<Key extends InstrumentKey>(spans: readonly Span[], key: Key, where: Where<Key> = {}): Figure {
  return added(
    spans.flatMap((span) =>
      growth(span, (exposition) => samplesOf(exposition, key, where)).map(({ increase }) => increase / span.seconds),
    ),
  );
}

function valuesOf<Key extends InstrumentKey>(
  now: readonly Exposition[],
  key: Key,
  where: Where<Key>,
): readonly number[] {
  return now.flatMap((exposition) => [...samplesOf(exposition, key, where).values()].map(({ value }) => value));
}

function added(values: readonly number[]): Figure {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value);
}
