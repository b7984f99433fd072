import { Redis } from 'ioredis';
import type { RedisPort } from './ports.ts';
import { RefusedError, UnreachableError } from './trouble.ts';

export interface RedisPortOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
}

/** Whoever stands before a terminal does not want to wait for longer, whatever the service allows itself. */
const CONNECT_LIMIT_MS = 2_000;
const COMMAND_LIMIT_MS = 2_000;

export interface OpenRedis extends RedisPort {
  /** Waits for nobody. */
  close(): void;
}

/** Opens the way to Redis: one connection, which is not opened again if it is lost. */
export function openRedis({ url, connectTimeoutMs }: RedisPortOptions): OpenRedis {
  const redis = new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: Math.min(connectTimeoutMs, CONNECT_LIMIT_MS),
    commandTimeout: COMMAND_LIMIT_MS,
    // A server that loads its data says so itself.
    enableReadyCheck: false,
    // A user of few rights need not be allowed to name itself.
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disconnectTimeout: 50,
  });
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  const connected = redis.connect();
  connected.catch(() => {});
  return {
    call: async (command, ...args) => {
      try {
        await connected;
        return await redis.call(command, ...args);
      } catch (error) {
        if (error instanceof Error && error.name === 'ReplyError') {
          throw new RefusedError(error.message);
        }
        // What ioredis rejects with says less than what it has heard of before.
        throw new UnreachableError('Redis', lastError ?? error);
      }
    },
    close: () => redis.disconnect(),
  };
}
