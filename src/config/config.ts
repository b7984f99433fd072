import type { z } from 'zod';
import type { cleanUpRule } from './settings/clean-up.ts';
import type { collectorRule } from './settings/collector.ts';
import type { databaseRule } from './settings/database.ts';
import type { eventsRule } from './settings/events.ts';
import type { fulfilmentRule } from './settings/fulfilment.ts';
import type { grpcRule } from './settings/grpc.ts';
import type { idempotencyRule } from './settings/idempotency.ts';
import type { logRule } from './settings/log.ts';
import type { metricsRule } from './settings/metrics.ts';
import type { ordersRule } from './settings/orders.ts';
import type { redisRule } from './settings/redis.ts';
import type { tracingRule } from './settings/tracing.ts';

// The types follow from the table in settings/: an editor that is asked where `commandTimeoutMs` comes from goes to the
// row with its bounds, default, reason and meaning.

export interface DatabaseConfig extends z.output<typeof databaseRule> {}
export interface RedisConfig extends z.output<typeof redisRule> {}
export interface GrpcConfig extends z.output<typeof grpcRule> {}
export interface IdempotencyConfig extends z.output<typeof idempotencyRule> {}
export interface OrdersConfig extends z.output<typeof ordersRule> {}
export interface FulfilmentConfig extends z.output<typeof fulfilmentRule> {}
export interface EventsConfig extends z.output<typeof eventsRule> {}
export interface CleanUpConfig extends z.output<typeof cleanUpRule> {}
export interface LogConfig extends z.output<typeof logRule> {}
export interface MetricsConfig extends z.output<typeof metricsRule> {}
export interface TracingConfig extends z.output<typeof tracingRule> {}
export interface CollectorConfig extends z.output<typeof collectorRule> {}

/** Everything that can be set, parsed once and deeply frozen. Hand each room its own part. */
export interface Config {
  readonly database: DatabaseConfig;
  readonly redis: RedisConfig;
  readonly grpc: GrpcConfig;
  readonly idempotency: IdempotencyConfig;
  readonly orders: OrdersConfig;
  readonly fulfilment: FulfilmentConfig;
  readonly events: EventsConfig;
  readonly cleanUp: CleanUpConfig;
  readonly log: LogConfig;
  readonly metrics: MetricsConfig;
  readonly tracing: TracingConfig;
  readonly collector: CollectorConfig;
}

/** What a command cannot do without. */
export type Requirement = 'database';

/** A configuration in which the `url` of every required room is known to be set. */
export type ConfigWith<Required extends Requirement> = Config & Readonly<Record<Required, { readonly url: string }>>;
