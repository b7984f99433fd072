import { DiagLogLevel, diag } from '@opentelemetry/api';
import { PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import { LineLimit } from './line-limit.ts';

export interface OtlpOptions {
  readonly protocol: 'http/protobuf' | 'grpc';
  readonly exportIntervalMs: number;
}

/** A collector that is away for an hour is told of once a minute. */
const WARNING_INTERVAL_MS = 60_000;

/**
 * Makes what sends metrics to a collector. Where it is, and how long an answer may take, the exporter reads from the standard variables
 * itself. A collector that does not answer costs a warning.
 */
export async function createOtlpReader(
  { protocol, exportIntervalMs }: OtlpOptions,
  logger: Logger,
): Promise<PeriodicExportingMetricReader> {
  const limit = new LineLimit({ linesMax: 1, windowMs: WARNING_INTERVAL_MS });
  const warn = (message: string) => {
    const notLogged = limit.take('telemetry');
    if (notLogged !== undefined) {
      logger.warn({ reason: message, notLogged }, 'telemetry could not be sent: see OTEL_EXPORTER_OTLP_ENDPOINT');
    }
  };
  const silent = () => {};
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  return new PeriodicExportingMetricReader({
    exporter: await createExporter(protocol),
    exportIntervalMillis: exportIntervalMs,
    exportTimeoutMillis: exportIntervalMs,
  });
}

async function createExporter(protocol: OtlpOptions['protocol']): Promise<PushMetricExporter> {
  if (protocol === 'grpc') {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    return new OTLPMetricExporter();
  }
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter();
}
