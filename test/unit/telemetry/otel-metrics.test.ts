import { afterEach, expect, test } from '@jest/globals';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { pino } from 'pino';
import type { IdempotencyEvent } from '../../../src/idempotency/index.ts';
import { createIdempotencyReport } from '../../../src/report-idempotency.ts';
import { OTHER } from '../../../src/telemetry/allowed-values.ts';
import type { Metrics } from '../../../src/telemetry/metrics.ts';
import { createOtelMetrics } from '../../../src/telemetry/otel-metrics.ts';
import { recordOf } from '../idempotency/record-of.ts';

const CREATE = '/orders.v1.OrderService/CreateOrder';
const silent = pino({ level: 'silent' });

const opened: Metrics[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((metrics) => metrics.close()));
});

/** Metrics, and the series that they have: by name, the attributes and the value of each. */
function stage() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const metrics = createOtelMetrics([reader], {
    methods: { all: [CREATE, '/a.B/Get'], mutations: [CREATE] },
    version: '1.2.3',
  });
  opened.push(metrics);
  const series = async () => {
    exporter.reset();
    await reader.forceFlush();
    const told = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return told.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
    );
  };
  return { metrics, series };
}

const everyEvent: readonly IdempotencyEvent[] = [
  { kind: 'called' },
  { kind: 'executed', bytes: 1 },
  { kind: 'failed', bytes: 1 },
  { kind: 'replayed' },
  { kind: 'mismatch' },
  { kind: 'takeover' },
  { kind: 'released' },
  { kind: 'lostOwnership' },
  { kind: 'handlerLimit' },
  { kind: 'waited', waitedMs: 1 },
  { kind: 'began', answer: 'acquired', tookMs: 1 },
  { kind: 'settled', answer: 'done', tookMs: 1 },
  { kind: 'ledgerRead', cause: 'conflict' },
  { kind: 'backgroundFault', error: new Error('of the test') },
];

test('10,000 keys, methods, principals and statuses make no more series than one of each', async () => {
  const { metrics, series } = stage();
  const report = createIdempotencyReport(metrics, silent);
  const tellAll = (name: string, method: string) => {
    const record = recordOf(name, { key: { value: name, source: 'client' }, principal: name, method });
    for (const event of everyEvent) {
      report(event, record);
    }
    metrics.record('callDuration', 0.001, { 'rpc.method': method, 'rpc.response.status_code': name });
  };
  tellAll('key-0', CREATE);
  tellAll('key-0', '/a.stranger/Method-0');
  const before = (await series()).length;
  for (let index = 1; index <= 10_000; index += 1) {
    tellAll(`key-${index}`, `/a.stranger/Method-${index}`);
  }
  const after = await series();
  expect(after.length).toBe(before);
  expect(JSON.stringify(after)).not.toMatch(/key-|stranger/);
  expect(after).toContainEqual({
    name: 'idempotency.outcomes',
    attributes: { outcome: 'replayed', method: OTHER },
    value: 10_001,
  });
});

test('a counter begins with 0 for each value that it may have, so that its first event is an increase', async () => {
  const { metrics, series } = stage();
  const method = CREATE.slice(1);
  const takeovers = async () => (await series()).find(({ attributes }) => attributes['outcome'] === 'takeover');
  expect(await takeovers()).toMatchObject({ attributes: { outcome: 'takeover', method }, value: 0 });
  metrics.add('outcomes', { outcome: 'takeover', method: CREATE });
  expect(await takeovers()).toMatchObject({ attributes: { outcome: 'takeover', method }, value: 1 });
});

test('what is read is read when somebody asks; what is no longer known is no number', async () => {
  const { metrics, series } = stage();
  let reads = 0;
  let value: number | undefined = 3;
  metrics.read(
    'waiters',
    () => {
      reads += 1;
      return value;
    },
    {},
  );
  expect(reads).toBe(0);
  const waiters = async () => (await series()).filter(({ name }) => name === 'idempotency.waiters');
  expect(await waiters()).toEqual([{ name: 'idempotency.waiters', attributes: {}, value: 3 }]);
  value = undefined;
  expect(await waiters()).toEqual([{ name: 'idempotency.waiters', attributes: {}, value: Number.NaN }]);
  expect(reads).toBe(2);
});
