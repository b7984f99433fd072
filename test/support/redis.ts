import { rm } from 'node:fs/promises';
import { type LocalRedis, startLocalRedis } from '../../src/embedded/redis.ts';
import { freezeFamily, killFamily, thawFamily } from './process-family.ts';
import { testRedisBinary } from './redis-binary.ts';
import { createTestFolder } from './run-folder.ts';

/** A Redis of one test's own. The port stays the same. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Of the server that runs now. */
  readonly processId: number;
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Starts again, after an orderly shutdown if it still runs; with the same data if it is persistent. */
  restart(): Promise<void>;
  /** Ends it, whatever state it is in, and removes the data. May be repeated. */
  stop(): Promise<void>;
}

export interface TestRedisOptions {
  /** Default: false, a restart forgets everything. */
  readonly isPersistent?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** Any further setting of Redis. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const binary = await testRedisBinary();
  const folder = await createTestFolder('redis');
  const settings = { appendonly: options.isPersistent ? 'yes' : 'no', appendfsync: 'always', ...options.settings };
  const start = (port?: number) => startLocalRedis({ folder, binary, port, settings, log: () => {} });
  let server: LocalRedis = await start(options.port);
  const thaw = () => thawFamily(server.processId);
  return {
    url: server.url,
    port: server.port,
    get processId() {
      return server.processId;
    },
    kill: () => killFamily(server.processId),
    freeze: () => freezeFamily(server.processId),
    thaw,
    restart: async () => {
      await thaw();
      await server.stop();
      server = await start(server.port);
    },
    stop: async () => {
      await thaw();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
