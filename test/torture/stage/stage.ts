import { join } from 'node:path';
import type { Environment } from '../../../src/config/environment.ts';
import { ensureRedisBinary } from '../../../src/embedded/install-redis.ts';
import { findFreePort, loopback } from '../../../src/embedded/port.ts';
import { SimulatorError } from '../../../src/simulator/simulator-error.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { TorturedPostgres, TorturedRedis } from './databases.ts';
import { DuplicatingProxy } from './duplicating-proxy.ts';
import { type Edition, ServerSlot } from './server-slot.ts';

/** A server with all the ways that lead to it and from it. */
export interface Post {
  readonly slot: ServerSlot;
  readonly fromClients: TcpProxy;
  readonly toDatabase: TcpProxy;
  readonly toRedis: TcpProxy;
}

/** Everything that is tortured. */
export interface Stage {
  readonly postgres: TorturedPostgres;
  /** The first leads; after a failover the second does. */
  readonly redises: [TorturedRedis, TorturedRedis];
  readonly posts: readonly [Post, ...Post[]];
  readonly duplicating: DuplicatingProxy;
  /** Where variants of the source are built. */
  readonly folder: string;
}

export interface StageOptions {
  readonly servers: number;
  readonly environment: Environment;
  readonly edition: Edition;
  readonly folder: string;
  readonly logFolder: string;
  readonly say: (what: string) => void;
  /** Takes what is to be ended when all is over. */
  readonly stack: AsyncDisposableStack;
}

export async function buildStage(options: StageOptions): Promise<Stage> {
  const { servers, folder, say, stack } = options;
  say('PostgreSQL and two Redis');
  const postgres = await TorturedPostgres.start(folder);
  stack.defer(() => postgres.stop());
  const redises = await startRedises(options);
  say(`${servers} servers`);
  const first = await buildPost(0, postgres, redises[0], options);
  // One after the other: the first one migrates.
  await first.slot.ready;
  const posts: [Post, ...Post[]] = [first];
  for (let index = 1; index < servers; index += 1) {
    posts.push(await buildPost(index, postgres, redises[0], options));
  }
  await Promise.all(posts.map(({ slot }) => slot.ready));
  requireRunning(posts);
  let next = 0;
  const duplicating = stack.use(
    await DuplicatingProxy.open(() => {
      next += 1;
      return [next, next + 1].map((index) => posts[index % posts.length]?.fromClients.port ?? first.fromClients.port);
    }),
  );
  return { postgres, redises, posts, duplicating, folder };
}

async function startRedises({ environment, folder, say, stack }: StageOptions): Promise<Stage['redises']> {
  const searchPath = environment['PATH'] ?? '';
  const available = await ensureRedisBinary({ searchPath, isRoot: process.getuid?.() === 0, log: say });
  if (available.kind === 'missing') {
    throw new SimulatorError(`Redis is needed. ${available.advice}`);
  }
  const start = async (name: string) => {
    const redis = await TorturedRedis.start(join(folder, name), available.binary);
    stack.defer(() => redis.stop());
    return redis;
  };
  return [await start('redis'), await start('second-redis')];
}

async function buildPost(
  index: number,
  postgres: TorturedPostgres,
  redis: TorturedRedis,
  { environment, edition, folder, logFolder, stack }: StageOptions,
): Promise<Post> {
  const [toDatabase, toRedis] = await Promise.all([startTcpProxy(postgres.port), startTcpProxy(redis.port)]);
  const port = await findFreePort();
  const fromClients = await startTcpProxy(port);
  for (const way of [toDatabase, toRedis, fromClients]) {
    stack.use(way);
  }
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(toDatabase.port);
  const slot = new ServerSlot({
    name: `server-${index + 1}`,
    logFolder,
    environment: {
      ...environment,
      DATABASE_URL: databaseUrl.href,
      REDIS_URL: `redis://${loopback}:${toRedis.port}`,
      GRPC_LISTEN: `${loopback}:${port}`,
      LOG_FORMAT: 'json',
      METRICS_LISTEN: '',
      // Servers start again and again: what one has compiled the next one need not.
      NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    },
  });
  stack.defer(() => slot.kill());
  await slot.start(edition);
  return { slot, fromClients, toDatabase, toRedis };
}

function requireRunning(posts: Stage['posts']): void {
  for (const { slot } of posts) {
    if (!slot.isRunning) {
      throw new SimulatorError(`${slot.name} did not start; its log is ${slot.logFile}`);
    }
  }
}
