import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import { serviceVersion } from './config/service-version.ts';
import { measureDatabase } from './measure-database.ts';
import { openDatabase } from './open-database.ts';
import { areMetricsRead, startMetrics } from './telemetry/start-metrics.ts';
import { startWorkers } from './workers.ts';

export interface WorkerServiceOptions {
  readonly config: ConfigWith<'database'>;
  readonly logger: Logger;
}

/** A running process that takes no calls, but processes orders and tells their events. */
export interface WorkerService {
  /** May be called once. */
  stop(): Promise<void>;
}

/** A worker takes no calls. */
const noMethods = { all: [], mutations: [] };

/** Builds everything from the configuration and starts it. The database must have been migrated. */
export async function startWorkerService({ config, logger }: WorkerServiceOptions): Promise<WorkerService> {
  await using stack = new AsyncDisposableStack();
  const metrics = stack.adopt(
    await startMetrics(config.metrics, { methods: noMethods, version: serviceVersion(), logger }),
    (started) => started.close(),
  );
  const database = stack.adopt(openDatabase({ config, logger, metrics }), (opened) => opened.close());
  await database.start();
  if (areMetricsRead(config.metrics)) {
    stack.defer(measureDatabase({ config, database, metrics, logger }));
  }
  const workers = await startWorkers({ config, database, logger, metrics, onNews: () => {} });
  stack.defer(() => workers.stop());
  const running = stack.move();
  return { stop: () => running.disposeAsync() };
}
