import type { AttributesOf, CounterKey, HistogramKey, ReadKey } from './instruments.ts';

/** What the service tells about itself, in the words of the table of instruments. None of it throws, whatever it is told. */
export interface Metrics {
  add<Key extends CounterKey>(counter: Key, attributes: AttributesOf<Key>): void;
  /** @param value in the unit of the histogram */
  record<Key extends HistogramKey>(histogram: Key, value: number, attributes: AttributesOf<Key>): void;
  /** Has a value read whenever somebody asks for it, and never otherwise. Of one key, with the same attributes, the last reader counts. */
  read<Key extends ReadKey>(key: Key, reader: Reader, attributes: AttributesOf<Key>): void;
  close(): Promise<void>;
}

/** A value in the unit of its instrument, or undefined while it is not known: then NaN is told, which no comparison finds. */
export type Reader = () => number | undefined;

/** Nobody is told. */
export const noMetrics: Metrics = {
  add: () => {},
  record: () => {},
  read: () => {},
  close: async () => {},
};
