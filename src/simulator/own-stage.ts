import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import type { Environment } from '../config/environment.ts';
import { ensureRedisBinary } from '../embedded/install-redis.ts';
import { findFreePort, loopback } from '../embedded/port.ts';
import { startEmbeddedPostgres } from '../embedded/postgres.ts';
import { streamName } from '../events/redis-event-stream.ts';
import type { SimulationOptions } from './options.ts';
import { OUTSIDE_WORLD_URL } from './outside-processor.ts';
import { OutsideWorld } from './outside-world.ts';
import { OwnRedis } from './own-redis.ts';
import { type Program, startProgram } from './program.ts';
import { readConfig } from './running-stage.ts';
import { SimulatorError } from './simulator-error.ts';
import type { Stage } from './stage.ts';
import { WorkerCrew } from './worker-crew.ts';

export interface OwnStageOptions {
  readonly options: SimulationOptions;
  readonly environment: Environment;
  /** For all data. */
  readonly folder: string;
  /** For the logs of service and workers. */
  readonly logFolder: string;
  /** Says what is done. */
  readonly say: (what: string) => void;
  /** Takes what is to be ended when all is over. */
  readonly stack: AsyncDisposableStack;
}

const PROCESSOR = fileURLToPath(new URL('./outside-processor.ts', import.meta.url));
const READY_LIMIT_MS = 60_000;

/** Everything of the simulator's own: databases, the outside world, one service process and its workers. */
export async function buildOwnStage(own: OwnStageOptions): Promise<Stage> {
  const { options, folder, logFolder, say, stack } = own;
  say('PostgreSQL and Redis');
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log: say });
  stack.defer(() => postgres.stop());
  const redis = stack.use(await startRedis(own));
  const outside = stack.use(await OutsideWorld.open(options));

  say('the service and its workers');
  const port = await findFreePort();
  const environment = {
    ...own.environment,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    GRPC_LISTEN: `${loopback}:${port}`,
    FULFILMENT_ENABLED: 'false',
    FULFILMENT_PROCESSOR: PROCESSOR,
    [OUTSIDE_WORLD_URL]: outside.url,
    LOG_FORMAT: 'json',
    // One port cannot serve the metrics of several processes.
    METRICS_LISTEN: '',
  };
  const config = readConfig(environment);
  const service = await startProgram({ command: 'serve', name: 'service', folder: logFolder, environment });
  stack.defer(() => service.stop());
  await becomesReady(service, port);
  const crew = stack.use(new WorkerCrew({ folder: logFolder, environment }));
  for (let hired = 0; hired < options.workers; hired += 1) {
    await crew.hire();
  }
  const requireWell = async () => {
    for (const program of [service, ...crew.lost]) {
      await requireRunning(program);
    }
  };
  return {
    target: { host: loopback, port },
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    stream: streamName(config.redis.prefix),
    own: { redis, crew, outside, requireWell },
  };
}

async function startRedis({ environment, folder, say }: OwnStageOptions): Promise<OwnRedis> {
  const searchPath = environment['PATH'] ?? '';
  const available = await ensureRedisBinary({ searchPath, isRoot: process.getuid?.() === 0, log: say });
  if (available.kind === 'missing') {
    throw new SimulatorError(`The simulator needs Redis, for the events. ${available.advice}`);
  }
  return await OwnRedis.start(join(folder, 'redis'), available.binary);
}

async function becomesReady(service: Program, port: number): Promise<void> {
  const client = new Client(`${loopback}:${port}`, credentials.createInsecure());
  const ready = new Promise<boolean>((resolve) => {
    client.waitForReady(Date.now() + READY_LIMIT_MS, (error) => resolve(error === undefined));
  });
  const isReady = await Promise.race([ready, service.ended.then(() => false)]);
  client.close();
  await requireRunning(service);
  if (!isReady) {
    throw new SimulatorError(
      `The service took no calls within ${READY_LIMIT_MS / 1_000} s. Its log: ${service.logFile}`,
    );
  }
}

async function requireRunning(program: Program): Promise<void> {
  if (!program.hasEnded()) {
    return;
  }
  // The last lines may still be on their way to the file.
  await sleep(100);
  throw new SimulatorError(
    `${await program.ended}, unexpectedly. Its log is ${program.logFile} and ends with:\n${await program.readLogTail()}`,
  );
}
