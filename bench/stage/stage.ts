import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { loadConfig } from '../../src/commands/load-config.ts';
import { runMigrations } from '../../src/commands/migrate.ts';
import { ensureRedisBinary } from '../../src/embedded/install-redis.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { startLocalRedis } from '../../src/embedded/redis.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { publishRunValue } from '../../test/support/run-folder.ts';

/** Of the servers on which everybody stands. */
export const serverSettings = {
  /** fsync and synchronous_commit are on by themselves. Nobody is met by a checkpoint in the middle of a measurement. */
  postgres: { shared_buffers: '512MB', max_wal_size: '8GB', checkpoint_timeout: '30min', max_connections: '200' },
  /** For some of them Redis is the only place that knows what was done. */
  redis: { appendonly: 'yes', appendfsync: 'everysec', save: '' },
};

/** TMPFS_MAGIC of statfs(2). */
const TMPFS = 0x01021994;

/** What all contestants stand on. */
export interface Stage {
  /** Of the servers. */
  readonly versions: Readonly<Record<string, string>>;
  readonly redisUrl: string;
  readonly postgresProcessId: number;
  readonly redisProcessId: number;
  /** A migrated database without rows. @returns its URL */
  createDatabase(): Promise<string>;
  /** PostgreSQL makes a checkpoint with it: the next contestant begins like all others. */
  dropDatabase(url: string): Promise<void>;
  /** Forgets everything that is in Redis. */
  emptyRedis(): Promise<void>;
}

/** Starts a PostgreSQL and a Redis of the run's own. @param stack takes what is to be ended */
export async function buildStage(stack: AsyncDisposableStack, log: (message: string) => void): Promise<Stage> {
  const { type } = await statfs(tmpdir());
  if (type === TMPFS) {
    throw new Error(
      `${tmpdir()} is in memory, where a commit costs nothing. Set TMPDIR to a folder on a disk, such as /var/tmp.`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'order-service-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // Where the processes of tests, of which one is used here, keep what they have compiled.
  publishRunValue('folder', folder);
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    settings: serverSettings.postgres,
    log,
  });
  stack.defer(() => postgres.stop());
  const available = await ensureRedisBinary({
    searchPath: process.env['PATH'] ?? '',
    isRoot: process.getuid?.() === 0,
    log,
  });
  if (available.kind === 'missing') {
    throw new Error(`The benchmark needs Redis. ${available.advice}`);
  }
  const redis = await startLocalRedis({
    folder: join(folder, 'redis'),
    binary: available.binary,
    settings: serverSettings.redis,
    log,
  });
  stack.defer(() => redis.stop());
  const template = new URL(postgres.url);
  const logger = createLogger(loadConfig({ DATABASE_URL: template.href, LOG_LEVEL: 'error' }).log);
  await runMigrations(loadConfig({ DATABASE_URL: template.href }), logger);
  const administration = new URL(postgres.url);
  administration.pathname = '/postgres';
  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: administration.href });
    await client.connect();
    try {
      return await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const redisClient = new Redis(redis.url);
  stack.defer(() => redisClient.disconnect());
  const [postgresVersion] = (await administer('SHOW server_version')).rows;
  const redisVersion = /^(?:valkey|redis)_version:(.*)$/m.exec(await redisClient.info('server'))?.[1]?.trim();
  return {
    versions: { PostgreSQL: String(postgresVersion.server_version), Redis: redisVersion ?? 'unknown' },
    redisUrl: redis.url,
    postgresProcessId: postgres.processId,
    redisProcessId: redis.processId,
    createDatabase: async () => {
      const url = new URL(postgres.url);
      url.pathname = `/bench_${randomUUID().replaceAll('-', '')}`;
      await administer(`CREATE DATABASE ${url.pathname.slice(1)} TEMPLATE ${template.pathname.slice(1)}`);
      return url.href;
    },
    dropDatabase: async (url) => {
      // Not with FORCE, which may not end an autovacuum worker; without, PostgreSQL ends those itself, and waits some seconds for others.
      await administer(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)}`);
    },
    emptyRedis: async () => {
      await redisClient.flushall();
    },
  };
}
