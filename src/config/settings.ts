import { z } from 'zod';
import { descriptionOf, type SettingDescription } from './setting.ts';
import { cleanUpRule, cleanUpSettings } from './settings/clean-up.ts';
import { collectorRule, collectorSettings } from './settings/collector.ts';
import { databaseRule, databaseSettings } from './settings/database.ts';
import { eventSettings, eventsRule } from './settings/events.ts';
import { fulfilmentRule, fulfilmentSettings } from './settings/fulfilment.ts';
import { grpcRule, grpcSettings } from './settings/grpc.ts';
import { idempotencyRule, idempotencySettings } from './settings/idempotency.ts';
import { logRule, logSettings } from './settings/log.ts';
import { metricsRule, metricsSettings } from './settings/metrics.ts';
import { ordersRule, ordersSettings } from './settings/orders.ts';
import { redisRule, redisSettings } from './settings/redis.ts';
import { tracingRule, tracingSettings } from './settings/tracing.ts';

/** The table of all settings, by room. The parser, `npm run config` and docs/configuration.md are made from it. */
const rooms = {
  grpc: grpcSettings,
  database: databaseSettings,
  redis: redisSettings,
  idempotency: idempotencySettings,
  orders: ordersSettings,
  fulfilment: fulfilmentSettings,
  events: eventSettings,
  cleanUp: cleanUpSettings,
  log: logSettings,
  metrics: metricsSettings,
  tracing: tracingSettings,
  collector: collectorSettings,
};

/** Parses `{ room: { name: text } }` into the frozen configuration. */
export const configRule = z
  .object({
    grpc: grpcRule,
    database: databaseRule,
    redis: redisRule,
    idempotency: idempotencyRule,
    orders: ordersRule,
    fulfilment: fulfilmentRule,
    events: eventsRule,
    cleanUp: cleanUpRule,
    log: logRule,
    metrics: metricsRule,
    tracing: tracingRule,
    collector: collectorRule,
  })
  .readonly();

/** A setting with its place in the configuration: `config[room][name]`. */
export interface Setting extends SettingDescription {
  readonly room: string;
  readonly name: string;
}

/** All settings, in the order in which they are printed. */
export const settings: readonly Setting[] = Object.entries(rooms).flatMap(([room, schemas]) =>
  Object.entries<z.ZodType>(schemas).map(([name, schema]) => ({ ...descriptionOf(schema), room, name })),
);
