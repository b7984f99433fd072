import type { Methods } from './allowed-values.ts';
import { type CollectorOptions, type ExportOptions, isExported } from './collector.ts';
import { type Metrics, noMetrics } from './metrics.ts';

export interface MetricsOptions extends ExportOptions {
  /** Where Prometheus may read; undefined: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly exportIntervalMs: number;
}

/** What is told of. */
interface About {
  readonly methods: Methods;
  /** Of the service. */
  readonly version: string;
}

/** Whether anybody reads metrics. */
export function areMetricsRead(options: MetricsOptions, collector: CollectorOptions): boolean {
  return options.listen !== undefined || isExported(options, collector);
}

/**
 * Starts the metrics, if anybody is to read them. Otherwise their libraries are not even loaded, which are one in six of the modules of a
 * start.
 * @throws MetricsListenError
 */
export async function startMetrics(
  options: MetricsOptions,
  collector: CollectorOptions,
  about: About,
): Promise<Metrics> {
  if (!areMetricsRead(options, collector)) {
    return noMetrics;
  }
  const { listen, exportIntervalMs } = options;
  const endpoint = listen && (await (await import('./prometheus-endpoint.ts')).startPrometheusEndpoint(listen));
  const sender = isExported(options, collector)
    ? await (await import('./otlp-metrics.ts')).createOtlpReader(collector.protocol, exportIntervalMs)
    : undefined;
  const { createOtelMetrics } = await import('./otel-metrics.ts');
  const { readProcess } = await import('./process-metrics.ts');
  const metrics = createOtelMetrics(
    [endpoint, sender].filter((reader) => reader !== undefined),
    about,
  );
  readProcess(metrics);
  return metrics;
}
