import { z } from 'zod';
import { choice } from '../rules/choice.ts';
import { collectorUrl } from '../rules/connection-url.ts';
import { optionalSetting, setting } from '../setting.ts';

export const collectorSettings = {
  url: optionalSetting(collectorUrl(), {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    reason: 'without a collector there is nobody to send anything to',
    meaning:
      'The collector of OpenTelemetry, for metrics and traces. The SDK reads this and all other OTEL_EXPORTER_OTLP_* variables by its own rules, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES too.',
  }),
  protocol: setting(choice(['http/protobuf', 'grpc']), {
    variable: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    default: 'http/protobuf',
    reason: "OpenTelemetry's own default",
    meaning: 'How the collector is spoken to.',
  }),
};

export const collectorRule = z.object(collectorSettings).readonly();
