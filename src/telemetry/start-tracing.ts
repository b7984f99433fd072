import { type CollectorOptions, type ExportOptions, isExported } from './collector.ts';
import type { SamplerName } from './otlp-traces.ts';
import type { Tracing } from './tracing.ts';

export interface TracingOptions extends ExportOptions {
  readonly sampler: SamplerName;
  /** The share of traces that are kept by samplers that keep some, from 0 to 1. */
  readonly samplerShare: number;
}

/** Starts tracing, if anybody collects traces. Otherwise its libraries are not even loaded. */
export async function startTracing(
  options: TracingOptions,
  collector: CollectorOptions,
  version: string,
): Promise<Tracing | undefined> {
  if (!isExported(options, collector)) {
    return undefined;
  }
  const { createSampler, createSpanProcessor } = await import('./otlp-traces.ts');
  const { createOtelTracing } = await import('./otel-tracing.ts');
  return createOtelTracing({
    sampler: createSampler(options.sampler, options.samplerShare),
    processor: await createSpanProcessor(collector.protocol),
    version,
  });
}
