import { once } from 'node:events';
import { createServer } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Metrics, MetricsOptions } from './metrics.ts';

/** Metrics cannot be served where they should be. */
export class MetricsListenError extends Error {
  override readonly name = 'MetricsListenError';
}

/** Starts the metrics and the endpoint at which Prometheus reads them. @throws MetricsListenError */
export async function startPrometheusMetrics({ host, port }: NonNullable<MetricsOptions['listen']>): Promise<Metrics> {
  const exporter = new PrometheusExporter({
    host,
    port: port === 0 ? await freePort(host) : port,
    preventServerStart: true,
  });
  try {
    await exporter.startServer();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MetricsListenError(
      `Metrics cannot be served: ${why}. Is the port in use? Choose another with METRICS_LISTEN.`,
      { cause },
    );
  }
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('order-service');
  const degraded = meter.createGauge('idempotency.degraded', { description: '1 while calls go without Redis, else 0' });
  const databaseUp = meter.createGauge('database.up', { description: '1 while the database can be reached, else 0' });
  const outcomes = meter.createCounter('idempotency.outcomes', { description: 'What the protocol did with calls' });
  const changes = meter.createCounter('orders.changes', {
    description: 'Orders that processing has brought to a state',
  });
  const setAside = meter.createCounter('orders.set_aside', {
    description: 'Orders whose processing has failed for good',
  });
  degraded.record(0);
  databaseUp.record(0);
  return {
    setDegraded: (isDegraded) => degraded.record(isDegraded ? 1 : 0),
    setDatabaseUp: (isUp) => databaseUp.record(isUp ? 1 : 0),
    countOutcome: (outcome, method) => outcomes.add(1, { outcome, method }),
    countOrderChange: (state) => changes.add(1, { state }),
    countSetAside: () => setAside.add(1),
    close: () => provider.shutdown(),
  };
}

/** The exporter takes 0 for its default. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
