import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import type { Database } from './database/database.ts';
import { countDoubled, readVitalSigns, type VitalSigns } from './database/vital-signs.ts';
import { Rounds } from './fulfilment/rounds.ts';
import { OrderServiceService } from './generated/orders/v1/order_service.ts';
import { requirePolicy } from './idempotency/index.ts';
import type { ReadKey } from './telemetry/instruments.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface MeasureDatabaseOptions {
  /** Has the policy of orders: how long a record lives. */
  readonly contract: Parameters<typeof requirePolicy>[0];
  readonly config: ConfigWith<'database'>;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The audit reads much more than the rest does. */
const ROUNDS_PER_AUDIT = 4;

/** What of the vital signs is read as it is. */
const figures = [
  ['ledgerRows', 'ledgerRows'],
  ['ledgerOldest', 'ledgerOldestAge'],
  ['ledgerOverdue', 'ledgerOverdue'],
  ['queueOldest', 'oldestJobAge'],
  ['deadLetters', 'deadLetters'],
  ['workers', 'workers'],
  ['eventsBehind', 'eventsBehind'],
  ['eventLag', 'eventLag'],
] as const satisfies readonly (readonly [ReadKey, keyof VitalSigns])[];

/**
 * Reads from the database how things go, again and again, and has metrics tell it. What could not be read is not known: the last value
 * may long be wrong.
 * @returns ends it
 */
export function measureDatabase(options: MeasureDatabaseOptions): () => Promise<void> {
  const { contract, config, database, metrics, logger } = options;
  const { databaseIntervalMs } = config.metrics;
  let signs: VitalSigns | undefined;
  let doubled: number | undefined;
  for (const [key, figure] of figures) {
    metrics.read(key, () => signs?.[figure], {});
  }
  metrics.read('queueJobs', () => signs?.jobsDue, { state: 'due' });
  metrics.read('queueJobs', () => signs?.jobsDelayed, { state: 'delayed' });
  metrics.read('queueJobs', () => signs?.jobsRunning, { state: 'running' });
  metrics.read('doubled', () => doubled, {});

  const { timeToLiveMs } = requirePolicy(contract, OrderServiceService.createOrder.path);
  const memoryMs = config.idempotency.memoryMs;
  const { deadAfterMs } = config.fulfilment;
  const isPublishing = config.redis.url !== undefined;
  const reading = new Rounds({
    work: async () => {
      signs = await readVitalSigns(database, { memoryMs, deadAfterMs, isPublishing }).catch((error: unknown) => {
        signs = undefined;
        throw error;
      });
    },
    intervalMs: databaseIntervalMs,
    logger,
    failure: 'metrics of the database could not be read: they are missing until they can',
  });
  const audit = new Rounds({
    work: async () => {
      doubled = await countDoubled(database, timeToLiveMs).catch((error: unknown) => {
        doubled = undefined;
        throw error;
      });
      if (doubled > 0) {
        logger.fatal({ records: doubled }, 'records have more than one order: see docs/operations.md, DoubledOrders');
      }
    },
    intervalMs: databaseIntervalMs * ROUNDS_PER_AUDIT,
    logger,
    failure: 'the audit of orders failed: it is made again',
  });
  reading.start();
  audit.start();
  return async () => {
    await Promise.all([reading.stop(), audit.stop()]);
  };
}
