import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  countsOf,
  expectPlacedOnce,
  expectSettled,
  inWords,
  ONE_ORDER,
  place,
} from '../../integration/faults/named-orders.ts';
import { commandsRun, connectToRedis, withRedis } from '../../integration/faults/redis-server.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { recordHas } from '../../integration/orders/record-names.ts';
import { createGate } from '../../support/pause-gate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let database: TestDatabase;
let redis: TestRedis;
let standby: TestRedis;
/** Its handlers wait before the commit while the gate is closed. */
let service: WatchedService;
let neighbour: WatchedService;
const beforeCommit = createGate('before_commit');

beforeAll(async () => {
  [database, redis, standby] = await Promise.all([createTestDatabase(), startTestRedis(), startTestRedis()]);
  const stores = { databaseUrl: database.url, redisUrl: redis.url, settings: { REDIS_CIRCUIT_PROBE_MS: '50' } };
  service = await startWatchedService({ ...stores, pause: beforeCommit.pause });
  neighbour = await startWatchedService(stores);
});

afterAll(async () => {
  beforeCommit.open();
  await Promise.all([service.stop(), neighbour.stop()]);
  await Promise.all([database.drop(), redis.stop(), standby.stop()]);
});

const inRedis = <T>(use: Parameters<typeof withRedis<T>>[1]) => withRedis(redis, use);

/** What happens to Redis while the handler runs; and whether it still has the claim then. */
const disturbances: Readonly<Record<string, () => Promise<unknown>>> = {
  'SCRIPT FLUSH': () => inRedis((admin) => admin.script('FLUSH', 'SYNC')),
  'SCRIPT FLUSH and new connections': () =>
    inRedis(async (admin) => {
      await admin.script('FLUSH', 'SYNC');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }),
  'a restart without the data': () => redis.restart(),
  'a restart after a crash': async () => {
    await redis.kill();
    await redis.restart();
  },
};

// redis/ioredis#1497, bee-queue/bee-queue#316: a script was called by its digest, and the server no longer knew it.
describe('the scripts are gone when the outcome is to be told', () => {
  test.each(Object.entries(disturbances))('S2 %s between begin and complete: nobody notices', async (what, disturb) => {
    const name = `S2-${what.replaceAll(' ', '-')}`;
    const first = await beforeCommit.hold(() => place(service.client, name));
    await disturb();
    beforeCommit.open();
    const answer = await first.result;
    expect(inWords(answer)).toBe('OK executed');
    await expectSettled({ client: service.client, databaseUrl: database.url }, name, answer);
    await expectSettled({ client: neighbour.client, databaseUrl: database.url }, name, answer);
    await expectPlacedOnce(service, `${name}-after`);
    await service.becomesWhole();
    // Redis has learned the scripts, and the answer, anew.
    const admin = connectToRedis(redis);
    await until('the outcome in Redis', async () => {
      inWords(await place(neighbour.client, name));
      return recordHas(admin, name, 'state', 'COMPLETED').then(() => true);
    });
    admin.disconnect();
  });

  test('S2 a failover to a replica, at the same address, between begin and complete: nobody notices', async () => {
    await followAndCatchUp();
    const name = 'S2-failover';
    const first = await beforeCommit.hold(() => place(service.client, name));
    const before = await commandsRun(standby, 'hset');
    await takeThePlaceOf(redis, standby);
    beforeCommit.open();
    const answer = await first.result;
    expect(inWords(answer)).toBe('OK executed');
    await expectSettled({ client: service.client, databaseUrl: database.url }, name, answer);
    await expectSettled({ client: neighbour.client, databaseUrl: database.url }, name, answer);
    await service.becomesWhole();
    await expectPlacedOnce(service, `${name}-after`);
    expect(await commandsRun({ url: redis.url }, 'hset')).toBeGreaterThan(before);
    expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
  });
});

async function followAndCatchUp(): Promise<void> {
  await withRedis(standby, async (admin) => {
    await admin.replicaof('127.0.0.1', redis.port);
    await until('the replica follows', async () => (await admin.info('replication')).includes('master_link_status:up'));
  });
}

/** The master dies, and its replica listens where it did, as behind an address that moves. It has never been sent a script. */
async function takeThePlaceOf(master: TestRedis, replica: TestRedis): Promise<void> {
  const admin = connectToRedis(replica);
  await master.kill();
  await admin.replicaof('NO', 'ONE');
  // A reconnecting client may have the port for a moment, as its own.
  const takePort = () => admin.config('SET', 'port', String(master.port)).catch(() => undefined);
  await until('the port is free', async () => (await takePort()) === 'OK');
  admin.disconnect();
}
