import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { ClientBase, Pool } from 'pg';
import { DeadLetterSchema, OrderStepSchema, WorkerSchema } from './schemas/fulfilment-schemas.ts';
import { IdempotencyKeySchema } from './schemas/idempotency-key-schema.ts';
import { EventRelaySchema, OrderEventSchema } from './schemas/order-event-schema.ts';
import { OrderItemSchema, OrderSchema } from './schemas/order-schema.ts';
import { ServiceSecretSchema } from './schemas/service-secret-schema.ts';
import { watchForSilence } from './silence-guard.ts';

export type Orm = MikroORM;

export interface OrmOptions {
  readonly url: string;
  readonly poolSize: number;
  /** How long to wait for a connection, new or free. */
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  /** A connection that is asked something and says nothing for so long is destroyed. */
  readonly silenceLimitMs: number;
}

const POOL_IDLE_MS = 10 * 60_000;

export const entities = [
  OrderSchema,
  OrderItemSchema,
  IdempotencyKeySchema,
  ServiceSecretSchema,
  OrderEventSchema,
  EventRelaySchema,
  OrderStepSchema,
  DeadLetterSchema,
  WorkerSchema,
];

/** Opens MikroORM on a database; no connection is made yet. */
export function createOrm(
  options: OrmOptions,
  extra: Partial<Options> = {},
  onConnect: (client: ClientBase) => void = () => {},
): Orm {
  return new MikroORM({
    entities,
    // The name is taken from the URL; MikroORM wants one all the same.
    dbName: databaseNameIn(options.url),
    forceUtcTimezone: true,
    // Connections outlive quiet minutes, so that the first call after one does not pay for a new one.
    pool: { min: 0, max: options.poolSize, idleTimeoutMillis: POOL_IDLE_MS },
    logger: () => {},
    driverOptions: {
      ...connectionSettings(options),
      onPoolCreated: (pool: Pool) => {
        pool.on('connect', (client) => {
          watchForSilence(client, options.silenceLimitMs);
          onConnect(client);
        });
      },
    },
    ...extra,
  });
}

/**
 * What a database or a role may have set otherwise: dates that are read as text must be ISO, and a statement must not lose races that it
 * would win by waiting. A server that loses its client without a word gives up the client's locks within seconds. Whatever a call asks for
 * has an index, and a plan lasts as long as its connection: one that was made while a table was empty must not go on to scan it. Nor is any
 * statement of a call worth compiling.
 */
const SESSION_OPTIONS = [
  'enable_seqscan=off',
  'jit=off',
  'datestyle=ISO',
  'default_transaction_isolation=read\\ committed',
  'tcp_keepalives_idle=2',
  'tcp_keepalives_interval=1',
  'tcp_keepalives_count=3',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/**
 * How every connection of ours is made. The timeouts are the server's, so that they also end what a client has forgotten.
 * pg reads the URL itself, with `sslmode` and IPv6 addresses, which MikroORM would drop.
 */
export function connectionSettings(options: OrmOptions) {
  return {
    connectionString: options.url,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    application_name: 'order-service',
    options: SESSION_OPTIONS,
    keepAlive: true,
  };
}

function databaseNameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
}
