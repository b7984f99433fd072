import { Redis } from 'ioredis';

/** A session with a Redis, past all proxies, for as long as something is done in it. */
export async function withRedis<Result>(url: string, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url, { lazyConnect: true, enableReadyCheck: false });
  redis.on('error', () => {});
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
