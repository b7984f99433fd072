import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

export interface MetricsOptions {
  /** Where Prometheus may read; undefined: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
}

/** What the service tells about itself. */
export interface Metrics {
  /** Whether calls go without Redis: right, but slower. */
  setDegraded(isDegraded: boolean): void;
  /** Whether the database can be reached. */
  setDatabaseUp(isUp: boolean): void;
  /** What the protocol did with a call, by method. */
  countOutcome(outcome: string, method: string): void;
  /** An order has come to this state. */
  countOrderChange(state: string): void;
  /** An order was set aside: its processing has failed for good. */
  countSetAside(): void;
  close(): Promise<void>;
}

/** Metrics cannot be served where they should be. */
export class MetricsListenError extends Error {
  override readonly name = 'MetricsListenError';
}

/** Starts the metrics, and their endpoint if there is to be one. */
export async function startMetrics({ listen }: MetricsOptions): Promise<Metrics> {
  const exporter =
    listen === undefined
      ? undefined
      : new PrometheusExporter({ host: listen.host, port: listen.port, preventServerStart: true });
  try {
    await exporter?.startServer();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MetricsListenError(
      `Metrics cannot be served: ${why}. Is the port in use? Choose another with METRICS_LISTEN.`,
      { cause },
    );
  }
  const provider = new MeterProvider({ readers: exporter === undefined ? [] : [exporter] });
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
