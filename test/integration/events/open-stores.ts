import { Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createEventRows, type EventRows } from './event-rows.ts';

/** A Redis and a database of one story's own, so that several stories can be told at once. */
export interface OwnStores extends AsyncDisposable {
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly rows: EventRows;
  /** Where both are. */
  readonly stores: { readonly databaseUrl: string; readonly redisUrl: string };
}

export async function openOwnStores(): Promise<OwnStores> {
  const [server, rows] = await Promise.all([startTestRedis(), createEventRows()]);
  const redis = new Redis(server.url, { retryStrategy: () => 50 });
  redis.on('error', () => {});
  return {
    server,
    redis,
    rows,
    stores: { databaseUrl: rows.databaseUrl, redisUrl: server.url },
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await Promise.all([server.stop(), rows.drop()]);
    },
  };
}
