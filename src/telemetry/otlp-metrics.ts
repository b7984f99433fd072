import { PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { CollectorOptions } from './collector.ts';

/**
 * Makes what sends metrics to a collector. Where it is, and how long an answer may take, the exporter reads from the standard variables
 * itself.
 */
export async function createOtlpReader(
  protocol: CollectorOptions['protocol'],
  exportIntervalMs: number,
): Promise<PeriodicExportingMetricReader> {
  return new PeriodicExportingMetricReader({
    exporter: await createExporter(protocol),
    exportIntervalMillis: exportIntervalMs,
    exportTimeoutMillis: exportIntervalMs,
  });
}

async function createExporter(protocol: CollectorOptions['protocol']): Promise<PushMetricExporter> {
  if (protocol === 'grpc') {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    return new OTLPMetricExporter();
  }
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter();
}
