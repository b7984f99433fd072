import type { Methods } from './allowed-values.ts';
import { type Metrics, noMetrics } from './metrics.ts';

export interface MetricsOptions {
  /** Where Prometheus may read; undefined: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Starts the metrics, if anybody is to read them. Otherwise their library is not even loaded, which is one in six of the modules of a start.
 * @throws MetricsListenError
 */
export async function startMetrics({ listen }: MetricsOptions, methods: Methods): Promise<Metrics> {
  if (listen === undefined) {
    return noMetrics;
  }
  const { startPrometheusEndpoint } = await import('./prometheus-endpoint.ts');
  const { createOtelMetrics } = await import('./otel-metrics.ts');
  const { readProcess } = await import('./process-metrics.ts');
  const metrics = createOtelMetrics([await startPrometheusEndpoint(listen)], methods);
  readProcess(metrics);
  return metrics;
}
