import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { inWords } from '../faults/named-orders.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { startGrpcCollector, startHttpCollector } from './collectors.ts';

let stores: OpenStores;

beforeAll(async () => {
  stores = await openStores();
}, 60_000);

afterAll(() => stores.close(), 60_000);

const collectors = [
  ['http/protobuf', () => startHttpCollector('/v1/metrics')],
  ['grpc', () => startGrpcCollector('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export')],
] as const;

test.each(collectors)(
  'metrics are sent to the collector that the standard variables name, by %s, with who sends them',
  async (protocol, startCollector) => {
    await using collector = await startCollector();
    await using service = await startServiceProcess({
      ...stores,
      settings: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test-of-otlp',
      },
    });
    expect(inWords(await createOrder(service.client, orderRequest(), { key: `otlp-${protocol}` }))).toBe('OK executed');
    await until('metrics have come', () => collector.received.some((message) => message.includes('rpc.server.call')));
    const message = String(collector.received.find((sent) => sent.includes('rpc.server.call')));
    for (const words of [
      'order-service',
      'test-of-otlp',
      'idempotency.outcomes',
      'orders.v1.OrderService/CreateOrder',
    ]) {
      expect(message).toContain(words);
    }
  },
  60_000,
);

test('a collector that is not there costs a warning, and neither calls nor the end of the process wait for it', async () => {
  const port = await findFreePort();
  await using service = await startServiceProcess({
    ...stores,
    settings: {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${port}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    },
  });
  const warnings = () => service.log.filter((line) => line.includes('telemetry could not be sent'));
  await until('it is told', () => warnings().length > 0);
  expect(inWords(await createOrder(service.client, orderRequest(), { key: 'without-collector' }))).toBe('OK executed');
  const stoppedAtMs = performance.now();
  service.signal('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(performance.now() - stoppedAtMs).toBeLessThan(10_000);
  expect(warnings()).toHaveLength(1);
}, 60_000);
