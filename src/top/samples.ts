import { type AttributesOf, type HistogramKey, type InstrumentKey, instruments } from '../telemetry/instruments.ts';
import type { Exposition, Sample } from './exposition.ts';

/** Some of an instrument's attributes: samples that have them are meant, whatever else they have. */
export type Where<Key extends InstrumentKey> = Partial<AttributesOf<Key>>;

/** The series of an instrument, by what identifies them. */
export type Samples = ReadonlyMap<string, Sample>;

/** The samples of an instrument that is one number. */
export function samplesOf<Key extends InstrumentKey>(exposition: Exposition, key: Key, where: Where<Key>): Samples {
  const { kind, name } = instruments[key];
  const ending = kind === 'counter' || kind === 'total' ? '_total' : '';
  return selected(exposition, `${written(name)}${ending}`, where);
}

/** The buckets of a histogram: cumulative, each with its upper bound as label `le`. */
export function bucketsOf<Key extends HistogramKey>(exposition: Exposition, key: Key, where: Where<Key>): Samples {
  return selected(exposition, `${written(instruments[key].name)}_bucket`, where);
}

function selected(exposition: Exposition, name: string, where: object): Samples {
  const wanted = Object.entries(where).map(([attribute, value]) => [written(attribute), value] as const);
  const samples = [...(exposition.get(name) ?? [])];
  return new Map(samples.filter(([, { labels }]) => wanted.every(([label, value]) => labels.get(label) === value)));
}

/** Prometheus has no dots in its names. */
function written(name: string): string {
  return name.replaceAll('.', '_');
}
