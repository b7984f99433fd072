import { z } from 'zod';
import { listenAddress } from '../rules/listen-address.ts';
import { optionalSetting } from '../setting.ts';

export const metricsSettings = {
  listen: optionalSetting(listenAddress(), {
    variable: 'METRICS_LISTEN',
    reason: 'a second open port is a decision',
    meaning: 'Where metrics are served over HTTP for Prometheus. Off without it.',
  }),
};

export const metricsRule = z.object(metricsSettings).readonly();
