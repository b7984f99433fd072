import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/environment.ts';
import { masked } from '../config/mask.ts';
import { parseConfig } from '../config/parse-config.ts';
import { lockDataFolder } from '../embedded/data-folder.ts';
import { ensureRedisBinary } from '../embedded/install-redis.ts';
import { startEmbeddedPostgres } from '../embedded/postgres.ts';
import { startLocalRedis } from '../embedded/redis.ts';
import { startService } from '../service.ts';
import { createLogger } from '../telemetry/logger.ts';
import { renderBanner } from './banner.ts';
import { loadConfig } from './load-config.ts';
import { serve } from './serve.ts';
import { firstStopSignal } from './stop-signals.ts';

const DATA_FOLDER = '.data';

/** A part that the service stands on: where it is, and whether it is ours. */
interface Part {
  readonly url: string | undefined;
  readonly description: string;
}

/**
 * Runs the service on a PostgreSQL and a Redis of its own, unless DATABASE_URL or REDIS_URL name others. Data stays in
 * `.data/` of the working directory. Everything that was started is stopped in reverse.
 * @throws ConfigError before anything is started
 */
export async function start(env: Environment): Promise<void> {
  const parsed = parseConfig(env);
  if (!parsed.ok) {
    throw new ConfigError(parsed.faults);
  }
  const logger = createLogger(parsed.config.log);
  const failure = Promise.withResolvers<never>();
  // Heard from the beginning, so that Ctrl-C leaves nothing behind, whenever it comes.
  const stopped = Promise.race([firstStopSignal(logger), failure.promise]);
  stopped.catch(() => {});
  await using stack = new AsyncDisposableStack();
  const folder = resolve(DATA_FOLDER);
  const lock = await lockDataFolder(folder);
  stack.defer(() => lock.release());
  const log = (message: string) => logger.info(message);
  const context = { env, folder, log, stack, onUnexpectedEnd: failure.reject };
  const postgres = await providePostgres(context);
  const redis = await provideRedis(context, logger);
  const config = loadConfig({ ...env, DATABASE_URL: postgres.url, REDIS_URL: redis.url });
  await serve({
    config,
    logger,
    start: startService,
    stopped,
    onReady: ({ port }) =>
      process.stdout.write(
        renderBanner({
          port,
          host: config.grpc.listen.host,
          postgres: postgres.description,
          redis: redis.description,
          ownUrls: {
            ...(!env['DATABASE_URL'] && { DATABASE_URL: postgres.url }),
            ...(!env['REDIS_URL'] && { REDIS_URL: redis.url }),
          },
        }),
      ),
  });
}

interface Context {
  readonly env: Environment;
  readonly folder: string;
  readonly log: (message: string) => void;
  readonly stack: AsyncDisposableStack;
  readonly onUnexpectedEnd: (reason: Error) => void;
}

async function providePostgres({ env, folder, log, stack, onUnexpectedEnd }: Context): Promise<Part> {
  const url = env['DATABASE_URL'];
  if (url) {
    return { url, description: `yours, ${masked({ secrecy: 'passwordInUrl' }, url)}` };
  }
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log, onUnexpectedEnd });
  stack.defer(() => postgres.stop());
  return { url: postgres.url, description: `embedded, 127.0.0.1:${postgres.port}, data in ${DATA_FOLDER}/postgres` };
}

async function provideRedis({ env, folder, log, stack }: Context, logger: Logger): Promise<Part> {
  const url = env['REDIS_URL'];
  if (url) {
    return { url, description: `yours, ${masked({ secrecy: 'passwordInUrl' }, url)}` };
  }
  const available = await ensureRedisBinary({ searchPath: env['PATH'] ?? '', isRoot: process.getuid?.() === 0, log });
  if (available.kind === 'missing') {
    logger.warn(available.advice);
    return { url: undefined, description: 'none: degraded, which means slower, but right (see above how to get it)' };
  }
  // The service does without Redis, and says so; there is no need to end it.
  const onUnexpectedEnd = (reason: Error) => logger.warn({ err: reason }, 'the Redis that we started has ended');
  const redis = await startLocalRedis({
    folder: join(folder, 'redis'),
    binary: available.binary,
    log,
    onUnexpectedEnd,
  });
  stack.defer(() => redis.stop());
  return { url: redis.url, description: `started by us, 127.0.0.1:${redis.port}, data in ${DATA_FOLDER}/redis` };
}
