import type { Logger } from 'pino';
import type { Methods } from './allowed-values.ts';
import { type Metrics, noMetrics } from './metrics.ts';
import type { OtlpOptions } from './otlp-metrics.ts';

export interface MetricsOptions extends OtlpOptions {
  /** Where Prometheus may read; undefined: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly exporter: 'otlp' | 'none' | undefined;
  readonly collector: string | undefined;
  readonly metricsCollector: string | undefined;
}

/** What is told of. */
interface About {
  readonly methods: Methods;
  /** Of the service. */
  readonly version: string;
  readonly logger: Logger;
}

/** Whether anybody reads metrics. */
export function areMetricsRead(options: MetricsOptions): boolean {
  return options.listen !== undefined || areMetricsSent(options);
}

function areMetricsSent({ exporter, collector, metricsCollector }: MetricsOptions): boolean {
  return exporter === undefined ? (metricsCollector ?? collector) !== undefined : exporter === 'otlp';
}

/**
 * Starts the metrics, if anybody is to read them. Otherwise their libraries are not even loaded, which are one in six of the modules of a
 * start.
 * @throws MetricsListenError
 */
export async function startMetrics(options: MetricsOptions, { methods, version, logger }: About): Promise<Metrics> {
  if (!areMetricsRead(options)) {
    return noMetrics;
  }
  const { listen } = options;
  const endpoint = listen && (await (await import('./prometheus-endpoint.ts')).startPrometheusEndpoint(listen));
  const sender = areMetricsSent(options)
    ? await (await import('./otlp-metrics.ts')).createOtlpReader(options, logger)
    : undefined;
  const { createOtelMetrics } = await import('./otel-metrics.ts');
  const { readProcess } = await import('./process-metrics.ts');
  const metrics = createOtelMetrics(
    [endpoint, sender].filter((reader) => reader !== undefined),
    { methods, version },
  );
  readProcess(metrics);
  return metrics;
}
