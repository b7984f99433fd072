import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import type { Database } from './database/database.ts';
import { noMemory, noRunBoard, noStore, RedisStore, type Seal } from './idempotency/index.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface StoreOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
  readonly database: Database;
  readonly seal: Seal;
  readonly metrics: Metrics;
}

/** Opens the fast memory of records, or what stands in its place without Redis. */
export function openStore({ config, database, seal, logger, metrics }: StoreOptions) {
  const { url } = config.redis;
  if (url === undefined) {
    logger.warn('there is no REDIS_URL: the service is right, but slower');
    metrics.setDegraded(true);
    return {
      port: noStore,
      memory: noMemory,
      board: noRunBoard,
      connecting: () => Promise.resolve(),
      isAvailable: () => false,
      close: () => {},
    };
  }
  const store = new RedisStore({
    ...config.redis,
    url,
    epoch: () => database.epoch,
    cachedAnswerBytesMax: config.idempotency.maxCachedAnswerBytes,
    onEviction: (policy) =>
      logger.warn(
        { policy },
        `Redis may throw out running claims when its memory is full (${policy}): set maxmemory-policy to noeviction`,
      ),
    onChange: (isAvailable, error) => {
      metrics.setDegraded(!isAvailable);
      if (isAvailable) {
        logger.info('Redis is back: the service is no longer degraded');
      } else {
        logger.warn(
          { err: error },
          'Redis gives no usable answers: the service is degraded, which means slower, but right',
        );
      }
    },
  });
  return {
    port: store,
    memory: store,
    board: store.runBoard(seal),
    connecting: () => store.connecting(),
    isAvailable: () => store.available,
    close: () => store.close(),
  };
}
