import { z } from 'zod';
import { listenAddress } from '../rules/listen-address.ts';
import { durationMs } from '../rules/number.ts';
import { optionalSetting, setting } from '../setting.ts';

export const metricsSettings = {
  listen: optionalSetting(listenAddress(), {
    variable: 'METRICS_LISTEN',
    reason: 'a second open port is a decision',
    meaning: 'Where metrics are served over HTTP for Prometheus. Off without it.',
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
