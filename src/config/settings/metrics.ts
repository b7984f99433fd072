import { z } from 'zod';
import { choice } from '../rules/choice.ts';
import { collectorUrl } from '../rules/connection-url.ts';
import { listenAddress } from '../rules/listen-address.ts';
import { durationMs } from '../rules/number.ts';
import { optionalSetting, setting } from '../setting.ts';

export const metricsSettings = {
  listen: optionalSetting(listenAddress(), {
    variable: 'METRICS_LISTEN',
    reason: 'a second open port is a decision',
    meaning: 'Where metrics are served over HTTP for Prometheus. Off without it.',
  }),
  exporter: optionalSetting(choice(['otlp', 'none']), {
    variable: 'OTEL_METRICS_EXPORTER',
    reason: 'whoever names a collector wants metrics sent there',
    meaning: 'Whether metrics are sent by OTLP as well. Unset: if OTEL_EXPORTER_OTLP_ENDPOINT or the next one is set.',
  }),
  collector: optionalSetting(collectorUrl(), {
    variable: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    reason: 'most collectors take everything at one address',
    meaning: 'A collector for metrics alone, with its whole path.',
  }),
  exportIntervalMs: setting(durationMs({ min: 100, max: 3_600_000 }), {
    variable: 'OTEL_METRIC_EXPORT_INTERVAL',
    default: 60_000,
    reason: "OpenTelemetry's own default",
    meaning: 'How often metrics are sent.',
  }),
  databaseIntervalMs: setting(durationMs({ min: 100, max: 600_000 }), {
    variable: 'METRICS_DATABASE_INTERVAL_MS',
    default: 15_000,
    reason: 'as often as Prometheus usually looks; a reading costs PostgreSQL some milliseconds',
    meaning:
      'How often metrics of the ledger, the queue and the events are read from PostgreSQL; the audit for doubled orders is made a quarter as often.',
  }),
};

export const metricsRule = z.object(metricsSettings).readonly();
