import { z } from 'zod';
import { choice } from '../rules/choice.ts';
import { collectorUrl } from '../rules/connection-url.ts';
import { share } from '../rules/number.ts';
import { optionalSetting, setting } from '../setting.ts';

export const tracingSettings = {
  exporter: optionalSetting(choice(['otlp', 'none']), {
    variable: 'OTEL_TRACES_EXPORTER',
    reason: 'whoever names a collector wants traces sent there',
    meaning: 'Whether traces are sent by OTLP. Unset: if OTEL_EXPORTER_OTLP_ENDPOINT or the next one is set.',
  }),
  collector: optionalSetting(collectorUrl(), {
    variable: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    reason: 'most collectors take everything at one address',
    meaning: 'A collector for traces alone, with its whole path.',
  }),
  sampler: setting(
    choice([
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ]),
    {
      variable: 'OTEL_TRACES_SAMPLER',
      default: 'parentbased_always_on',
      reason: "OpenTelemetry's own default: callers decide, and what they say nothing about is traced",
      meaning: 'Which calls are traced.',
    },
  ),
  samplerShare: setting(share(), {
    variable: 'OTEL_TRACES_SAMPLER_ARG',
    default: 1,
    reason: "OpenTelemetry's own default",
    meaning: 'The share of traces that the traceidratio samplers keep.',
  }),
};

export const tracingRule = z.object(tracingSettings).readonly();
