import type { Logger } from 'pino';
import type { ConfigWith } from './config/config.ts';
import { readContractFile } from './contract.ts';
import { readContract } from './idempotency/index.ts';
import { measureDatabase } from './measure-database.ts';
import { openDatabase } from './open-database.ts';
import { openTelemetry } from './open-telemetry.ts';
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
  const telemetry = stack.use(await openTelemetry(config, noMethods, logger));
  const { metrics, tracing } = telemetry;
  const database = stack.adopt(openDatabase({ config, logger, metrics }), (opened) => opened.close());
  await database.start();
  if (telemetry.areMetricsRead) {
    stack.defer(measureDatabase({ contract: readContract(readContractFile()), config, database, metrics, logger }));
  }
  const workers = await startWorkers({ config, database, logger, metrics, tracing, onNews: () => {} });
  stack.defer(() => workers.stop());
  const running = stack.move();
  return { stop: () => running.disposeAsync() };
}
