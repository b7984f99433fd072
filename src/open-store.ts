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
  /** Told whether Redis can be used, at first and whenever that changes. */
  readonly onAvailable: (isAvailable: boolean) => void;
}

/** Opens the fast memory of records, or what stands in its place without Redis. */
export function openStore({ config, database, seal, logger, metrics, onAvailable }: StoreOptions) {
  const { url } = config.redis;
  if (url === undefined) {
    logger.warn('there is no REDIS_URL: the service is right, but slower');
    const since = performance.now();
    metrics.read('degraded', () => 1, {});
    metrics.read('degradedTime', () => (performance.now() - since) / 1_000, {});
    return {
      port: noStore,
      memory: noMemory,
      board: noRunBoard,
      connecting: () => Promise.resolve(),
      isAvailable: () => false,
      close: () => {},
    };
  }
  const time = new DegradedTime();
  const store = new RedisStore({
    ...config.redis,
    url,
    epoch: () => database.epoch,
    cachedAnswerBytesMax: config.idempotency.maxCachedAnswerBytes,
    onFault: (kind) => metrics.add('storeErrors', { kind }),
    onEviction: (policy) =>
      logger.warn(
        { policy },
        `Redis may throw out running claims when its memory is full (${policy}): set maxmemory-policy to noeviction`,
      ),
    onChange: (isAvailable, error) => {
      time.set(!isAvailable);
      onAvailable(isAvailable);
      metrics.add('circuitChanges', { to: isAvailable ? 'closed' : 'open' });
      if (isAvailable) {
        logger.info('Redis is back: the service is no longer degraded');
      } else {
        logger.warn(
          { err: error },
          'Redis gives no usable answers: the service is degraded, which means slower, but right. `npm run doctor` says what is wrong with it',
        );
      }
    },
  });
  onAvailable(store.available);
  metrics.read('degraded', () => (store.available ? 0 : 1), {});
  metrics.read('circuitOpen', () => (store.available ? 0 : 1), {});
  metrics.read('degradedTime', () => time.seconds, {});
  return {
    port: store,
    memory: store,
    board: store.runBoard(seal),
    connecting: () => store.connecting(),
    isAvailable: () => store.available,
    close: () => store.close(),
  };
}

/** Adds up how long something was so. */
class DegradedTime {
  #sinceMs: number | undefined;
  #beforeMs = 0;

  get seconds(): number {
    const nowMs = this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs;
    return (this.#beforeMs + nowMs) / 1_000;
  }

  set(isSo: boolean): void {
    this.#beforeMs = this.seconds * 1_000;
    this.#sinceMs = isSo ? performance.now() : undefined;
  }
}
