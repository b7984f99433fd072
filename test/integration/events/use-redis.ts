import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';
import { startTestRedis, type TestRedis, type TestRedisOptions } from '../../support/redis.ts';

export interface RedisOfTests {
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly url: string;
}

/** A Redis for all tests of a file, empty before each. */
export function useRedis(options: TestRedisOptions = {}): RedisOfTests {
  let server: TestRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startTestRedis(options);
    redis = new Redis(server.url, { retryStrategy: () => 50 });
    redis.on('error', () => {});
  });
  beforeEach(async () => void (await redis.flushall()));
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get redis() {
      return redis;
    },
    get url() {
      return server.url;
    },
  };
}
