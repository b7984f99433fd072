import { Redis } from 'ioredis';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis, type TestRedisOptions } from '../../support/redis.ts';
import { type Audit, openAudit } from './audit.ts';

/** A database and a Redis of a test file's own, with a way to look into both past the service. */
export interface OpenStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly redis: TestRedis;
  readonly redisClient: Redis;
  readonly audit: Audit;
  close(): Promise<void>;
}

export async function openStores(options: TestRedisOptions = {}): Promise<OpenStores> {
  const [database, redis] = await Promise.all([createTestDatabase(), startTestRedis(options)]);
  const audit = await openAudit(database.url);
  const redisClient = new Redis(redis.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redisClient.on('error', () => {});
  return {
    databaseUrl: database.url,
    redisUrl: redis.url,
    redis,
    redisClient,
    audit,
    close: async () => {
      redisClient.disconnect();
      await audit.close();
      await Promise.all([database.drop(), redis.stop()]);
    },
  };
}
