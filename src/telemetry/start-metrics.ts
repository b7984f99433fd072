import type { Metrics, MetricsOptions } from './metrics.ts';

const noMetrics: Metrics = {
  setDegraded: () => {},
  setDatabaseUp: () => {},
  countOutcome: () => {},
  countOrderChange: () => {},
  countSetAside: () => {},
  close: async () => {},
};

/** Starts the metrics, if anybody is to read them. Otherwise their library is not even loaded, which is one in six of the modules of a start. */
export async function startMetrics({ listen }: MetricsOptions): Promise<Metrics> {
  if (listen === undefined) {
    return noMetrics;
  }
  const { startPrometheusMetrics } = await import('./prometheus-metrics.ts');
  return await startPrometheusMetrics(listen);
}
