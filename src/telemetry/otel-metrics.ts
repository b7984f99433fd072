import type { Attributes, Meter } from '@opentelemetry/api';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { AllowedValues, type Methods } from './allowed-values.ts';
import { type Instrument, type InstrumentKey, instruments, keysOfKind } from './instruments.ts';
import type { Metrics, Reader } from './metrics.ts';
import { describeResource } from './resource.ts';

type Tell = (value: number, attributes: Attributes) => void;

/** Makes every instrument of the table on OpenTelemetry's SDK. */
export function createOtelMetrics(
  readers: IMetricReader[],
  { methods, version }: { readonly methods: Methods; readonly version: string },
): Metrics {
  const provider = new MeterProvider({ readers, resource: describeResource(version) });
  const meter = provider.getMeter('order-service');
  const allowed = new AllowedValues(methods);
  const tellers = new Map<InstrumentKey, Tell>();
  for (const key of keysOfKind('counter', 'histogram')) {
    tellers.set(key, teller(meter, instruments[key]));
  }
  for (const key of keysOfKind('counter')) {
    // A series that begins with its first event hides that event from whoever looks at increases.
    for (const attributes of allowed.combinations(key)) {
      tellers.get(key)?.(0, attributes);
    }
  }
  const observed = new Map(keysOfKind('gauge', 'total').map((key) => [key, observe(meter, instruments[key])]));
  return {
    add: (key, attributes) => tellers.get(key)?.(1, allowed.of(key, attributes)),
    record: (key, value, attributes) => tellers.get(key)?.(value, allowed.of(key, attributes)),
    read: (key, reader, attributes) => observed.get(key)?.(reader, allowed.of(key, attributes)),
    close: () => provider.shutdown(),
  };
}

function teller(meter: Meter, { kind, name, unit, meaning: description, buckets }: Instrument): Tell {
  if (kind === 'counter') {
    const counter = meter.createCounter(name, { unit, description });
    return (value, attributes) => counter.add(value, attributes);
  }
  const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
  const histogram = meter.createHistogram(name, { unit, description, advice });
  return (value, attributes) => histogram.record(value, attributes);
}

/** @returns adds a reader */
function observe(meter: Meter, { kind, name, unit, meaning: description }: Instrument) {
  const readers = new Map<string, { readonly reader: Reader; readonly attributes: Attributes }>();
  const options = { unit, description };
  const instrument =
    kind === 'total' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
  instrument.addCallback((result) => {
    for (const { reader, attributes } of readers.values()) {
      // The SDK goes on telling the last value of what is no longer observed.
      result.observe(reader() ?? Number.NaN, attributes);
    }
  });
  return (reader: Reader, attributes: Attributes) => {
    readers.set(JSON.stringify(attributes), { reader, attributes });
  };
}
