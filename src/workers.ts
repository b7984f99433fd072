import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import type { Database } from './database/database.ts';
import { takeEventLead } from './database/event-log.ts';
import { jobPoolSize, openJobPool } from './database/job-pool.ts';
import { PostgresJobQueue } from './database/job-queue.ts';
import { PostgresProgressStore } from './database/progress-store.ts';
import { remainsIn } from './database/remains.ts';
import { PostgresWorkerRegistry } from './database/worker-registry.ts';
import { EventRelay } from './events/event-relay.ts';
import { RedisEventStream, streamName } from './events/redis-event-stream.ts';
import { cleanUp } from './fulfilment/clean-up.ts';
import { loadProcessor } from './fulfilment/load-processor.ts';
import { createMaintenance } from './fulfilment/maintenance.ts';
import { Rounds } from './fulfilment/rounds.ts';
import { Worker } from './fulfilment/worker.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Tracing } from './telemetry/tracing.ts';

export interface WorkersOptions {
  readonly config: ConfigWith<'database'>;
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Told when there is news for those who watch orders. */
  readonly onNews: () => void;
}

/** What goes on after the answer: orders are processed and their events told. */
export interface Workers {
  /** Says that this process has changed an order. */
  nudge(): void;
  /** Takes no new orders, lets running steps end or cuts them. May be repeated. */
  stop(): Promise<void>;
}

/** How often lost jobs are looked for while a worker is not yet dead. */
const ROUNDS_PER_DEATH = 4;

/** The clean-up runs each minute, for half of it at most. */
const CLEAN_UP_LIMIT_MS = 30_000;

/** Builds a worker and a relay and starts them. The database must have been migrated. @throws ProcessorError */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { config, database, logger, metrics, tracing, onNews } = options;
  const processor = await loadProcessor(config.fulfilment.processor);
  await using stack = new AsyncDisposableStack();
  const stream = stack.adopt(openStream(config), (opened) => opened?.close());
  const relay = new EventRelay({
    takeLead: (signal) => takeEventLead(config.database, signal),
    stream,
    streamLengthMax: config.events.streamLengthMax,
    tracePublish: tracing?.publish,
    intervalMs: config.events.relayIntervalMs,
    logger,
    onNumbered: onNews,
  });
  relay.start();
  stack.defer(() => relay.stop());

  const registry = new PostgresWorkerRegistry(database);
  const queue = new PostgresJobQueue(database);
  const onSetAside = () => metrics.add('setAside', {});
  const { deadAfterMs } = config.fulfilment;
  const worker = new Worker({
    ...config.fulfilment,
    openPool: (onEndLost) => openJobPool(config.database, jobPoolSize(config.fulfilment.concurrency), onEndLost),
    store: new PostgresProgressStore(database),
    queue,
    registry,
    processor,
    traceJob: tracing?.job,
    cleanUp: async (signal) => {
      const deleted = await cleanUp(
        {
          ...config.cleanUp,
          remains: remainsIn(database, { ...config.idempotency, ...config.cleanUp }),
          runLimitMs: CLEAN_UP_LIMIT_MS,
        },
        signal,
      );
      logger.debug({ deleted }, 'cleaned up');
    },
    host: hostname(),
    logger,
    onChange: (state) => {
      metrics.add('changes', { state });
      relay.nudge();
    },
    onSetAside,
  });
  const maintenance = createMaintenance({ registry, queue, deadAfterMs, logger, onSetAside });
  const rounds = new Rounds({
    work: maintenance,
    intervalMs: deadAfterMs / ROUNDS_PER_DEATH,
    logger,
    failure: 'the round for lost orders failed: it is made again',
  });
  rounds.start();
  stack.defer(() => rounds.stop());
  worker.start();
  stack.defer(() => worker.stop());
  logger.info(
    { concurrency: config.fulfilment.concurrency, steps: processor.steps.map(({ name }) => name) },
    'processing orders',
  );
  const running = stack.move();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= running.disposeAsync();
    return stopped;
  };
  return { nudge: () => relay.nudge(), stop };
}

function openStream({ redis, events }: ConfigWith<'database'>): RedisEventStream | undefined {
  const { url, prefix, connectTimeoutMs } = redis;
  return url === undefined
    ? undefined
    : new RedisEventStream({ url, stream: streamName(prefix), lengthMax: events.streamLengthMax, connectTimeoutMs });
}
