import { Redis } from 'ioredis';
import type { TestRedis } from '../../support/redis.ts';
import type { CallResult } from '../../support/unary-call.ts';

/** A connection of the test's own, which asks nothing that it was not told to ask. It is closed by whoever opened it. */
export function connectToRedis({ url }: Pick<TestRedis, 'url'>): Redis {
  const redis = new Redis(url, { enableReadyCheck: false, disableClientInfo: true, retryStrategy: () => null });
  redis.on('error', () => {});
  return redis;
}

/** Runs a few commands on a connection of the test's own. */
export async function withRedis<T>(server: Pick<TestRedis, 'url'>, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectToRedis(server);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** How often a command has run since the server started. */
export function commandsRun(server: Pick<TestRedis, 'url'>, command: string): Promise<number> {
  return withRedis(server, async (redis) => {
    const stats = await redis.info('commandstats');
    const [, calls] = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats) ?? [];
    return Number(calls ?? 0);
  });
}

/** What `begin` replies on the wire, asked for one record, if that is COMPLETED with this answer. */
export function completedReply({ response = Buffer.alloc(0) }: Pick<CallResult, 'response'>): Buffer {
  const bulk = (bytes: string | Buffer) => [`$${bytes.length}\r\n`, bytes, '\r\n'];
  const parts = ['*1\r\n*3\r\n', ...bulk('f'.repeat(64)), ...bulk('COMPLETED'), ...bulk(response)];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
