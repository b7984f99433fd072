import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { impatientSettings } from './impatient-settings.ts';
import { expectPlacedOnce } from './named-orders.ts';

/** Draining and closing, each with its own limit, and what a loaded machine may add. */
const STOP_LIMIT_MS = 8_000;

let database: TestDatabase;
let redis: TestRedis;
let toDatabase: TcpProxy;
let toRedis: TcpProxy;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  toDatabase = await startTcpProxy(Number(new URL(database.url).port));
  toRedis = await startTcpProxy(redis.port);
});

afterAll(async () => {
  await Promise.all([toDatabase.stop(), toRedis.stop()]);
  await Promise.all([database.drop(), redis.stop()]);
});

const silences: readonly (readonly [string, () => TcpProxy])[] = [
  ['Redis', () => toRedis],
  ['PostgreSQL', () => toDatabase],
];

test.each(silences)(
  'a service told to stop while %s says nothing ends in time, with exit code 0',
  async (which, silent) => {
    const databaseUrl = new URL(database.url);
    databaseUrl.port = String(toDatabase.port);
    await using service = await startServiceProcess({
      databaseUrl: databaseUrl.href,
      redisUrl: `redis://127.0.0.1:${toRedis.port}`,
      settings: { ...impatientSettings, GRPC_DRAIN_LIMIT_MS: '1000' },
    });
    await expectPlacedOnce({ client: service.client, databaseUrl: database.url }, `before-${which}-fell-silent`);
    silent().swallow();
    service.client.close();
    service.signal('SIGTERM');
    const tooLate = new Promise((resolve) => setTimeout(resolve, STOP_LIMIT_MS, 'still running').unref());
    expect(await Promise.race([service.exited, tooLate])).toBe(0);
    silent().heal();
  },
);
