import { readContractFile } from '../../src/contract.ts';
import { contractMethods, readContract } from '../../src/idempotency/index.ts';
import {
  type AttributeRule,
  type Instrument,
  instrumentKeys,
  instruments,
  statusNames,
} from '../../src/telemetry/instruments.ts';
import type { RecordingRule } from './monitoring-files.ts';
import { namesInExpression } from './promql-names.ts';

/** The labels of a metric, each with the values that it may have; undefined: any. */
type Labels = ReadonlyMap<string, readonly string[] | undefined>;

/** Everything that Prometheus can be asked for. */
export type KnownSeries = ReadonlyMap<string, Labels>;

/** What Prometheus adds to every series. */
const OF_PROMETHEUS = [
  ['job', ['orders']],
  ['instance', undefined],
] as const;

const endings = {
  counter: ['_total'],
  total: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
} as const satisfies Record<Instrument['kind'], readonly string[]>;

/** What our instruments, Prometheus and the recording rules make. */
export function knownSeries(recordings: readonly RecordingRule[]): KnownSeries {
  const known = new Map<string, Labels>([['up', new Map(OF_PROMETHEUS)]]);
  for (const key of instrumentKeys) {
    const { name, kind, attributes = {} }: Instrument = instruments[key];
    const labels = Object.entries(attributes).map(([label, rule]) => [inPrometheus(label), valuesOf(rule)] as const);
    for (const ending of endings[kind]) {
      const bounds = ending === '_bucket' ? [['le', undefined] as const] : [];
      known.set(inPrometheus(name) + ending, new Map([...OF_PROMETHEUS, ...labels, ...bounds]));
    }
  }
  for (const { record, expr } of recordings) {
    known.set(record, new Map(keptLabels(record, expr, known)));
  }
  return known;
}

/** The labels that a recorded name has: by its first word none, those by which it was summed up, or those of what was joined. */
function keptLabels(record: string, expression: string, known: KnownSeries) {
  if (record.startsWith('service:')) {
    return [];
  }
  const { selectors, labels } = namesInExpression(expression);
  const asked = selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]);
  return asked.filter(([label]) => labels.length === 0 || labels.includes(label));
}

function inPrometheus(name: string): string {
  return name.replaceAll('.', '_');
}

const contract = contractMethods(readContract(readContractFile()));
const named = {
  method: Array.from(contract.all, (path) => path.slice(1)),
  mutation: Array.from(contract.mutations, (path) => path.slice(1)),
  status: statusNames,
} as const;

function valuesOf(rule: AttributeRule): readonly string[] {
  return typeof rule === 'string' ? named[rule] : rule;
}

/** What an expression names that there is not, in words. */
export function unknownNames(expression: string, known: KnownSeries, ofTemplates: readonly string[] = []): string[] {
  const { selectors, labels } = namesInExpression(expression);
  const available = new Set(selectors.flatMap(({ metric }) => [...(known.get(metric)?.keys() ?? [])]));
  return [
    ...selectors.flatMap(({ metric, matchers }) => {
      const own = known.get(metric);
      if (own === undefined) {
        return [`${metric} is no metric`];
      }
      return matchers.flatMap(({ label, value }) => {
        const values = own.get(label);
        if (!own.has(label)) {
          return [`${metric} has no label ${label}`];
        }
        return values === undefined ? [] : unmatched(value, values).map((text) => `${label} is never ${text}`);
      });
    }),
    ...[...labels, ...ofTemplates].filter((label) => !available.has(label)).map((label) => `nothing has ${label}`),
  ];
}

/** The alternatives of a regular expression, of which a plain text has one, that no value fits. */
function unmatched(text: string, values: readonly string[]): string[] {
  // Within parentheses an alternative is no end of one.
  const alternatives = text.split(/\|(?![^(]*\))/);
  return alternatives.filter((pattern) => !values.some((value) => new RegExp(`^(?:${pattern})$`).test(value)));
}
