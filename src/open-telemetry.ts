import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { serviceVersion } from './config/service-version.ts';
import type { Methods } from './telemetry/allowed-values.ts';
import { isExported } from './telemetry/collector.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { areMetricsRead, startMetrics } from './telemetry/start-metrics.ts';
import { startTracing } from './telemetry/start-tracing.ts';
import type { Tracing } from './telemetry/tracing.ts';
import { withinLimit } from './within-limit.ts';

const CLOSE_LIMIT_MS = 2_000;

/** What a process tells of itself. */
export interface Telemetry extends AsyncDisposable {
  readonly metrics: Metrics;
  /** Whether anybody reads them. */
  readonly areMetricsRead: boolean;
  /** Undefined: nobody collects traces. */
  readonly tracing: Tracing | undefined;
}

/** Starts metrics and traces, as far as the configuration asks for them. @throws MetricsListenError */
export async function openTelemetry(
  { metrics: options, tracing: tracingOptions, collector }: Config,
  methods: Methods,
  logger: Logger,
): Promise<Telemetry> {
  if (isExported(options, collector) || isExported(tracingOptions, collector)) {
    const { tellOfLosses } = await import('./telemetry/losses.ts');
    tellOfLosses(logger);
  }
  const version = serviceVersion();
  const metrics = await startMetrics(options, collector, { methods, version });
  const tracing = await startTracing(tracingOptions, collector, version);
  return {
    metrics,
    areMetricsRead: areMetricsRead(options, collector),
    tracing,
    [Symbol.asyncDispose]: async () => {
      // What was measured last is sent, if that is quick: a collector that does not answer keeps nobody.
      await withinLimit(
        Promise.all([metrics.close(), tracing?.close()]).then(() => {}),
        CLOSE_LIMIT_MS,
      );
    },
  };
}
