import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
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
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let database: TestDatabase;
let master: TestRedis;
let replica: TestRedis;
let service: WatchedService;

beforeAll(async () => {
  [database, master, replica] = await Promise.all([createTestDatabase(), startTestRedis(), startTestRedis()]);
  await withRedis(replica, async (admin) => {
    await admin.replicaof('127.0.0.1', master.port);
    await until('the replica follows', async () => (await admin.info('replication')).includes('master_link_status:up'));
  });
  // The circuit never opens: it is READONLY alone that has to make the service leave.
  const settings = { REDIS_CIRCUIT_FAILURES: '1000', REDIS_CIRCUIT_PROBE_MS: '60000' };
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: master.url, settings });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), master.stop(), replica.stop()]);
});

// n8n-io/n8n#25038: the master had become a replica, its connections stayed open, and whoever had one never looked for the new one.
test('S7 the master is demoted under traffic, its sockets stay open, and the new one has its address: the service goes over', async () => {
  const before = await expectPlacedOnce(service, 'S7-before');
  const traffic = Array.from({ length: 60 }, (_, index) => `S7-traffic-${index}`);
  const answers = [];
  const admins = [connectToRedis(master), connectToRedis(replica)] as const;
  for (const [index, name] of traffic.entries()) {
    if (index === 20) {
      const elsewhere = await findFreePort();
      await admins[0].config('SET', 'port', String(elsewhere));
      await admins[1].replicaof('NO', 'ONE');
      await admins[1].config('SET', 'port', String(master.port));
      await admins[0].replicaof('127.0.0.1', master.port);
    }
    answers.push(await place(service.client, name));
  }
  expect(new Set(answers.map(inWords))).toEqual(new Set(['OK executed']));
  // The new master runs scripts now: it had never been asked anything but to follow.
  await until('the new master is asked', async () => {
    await place(service.client, 'S7-after');
    return (await commandsRun(master, 'evalsha')) + (await commandsRun(master, 'eval')) > 0;
  });
  await expectPlacedOnce(service, 'S7-served');
  await expectSettled(service, 'S7-before', before);
  for (const [index, name] of traffic.entries()) {
    expect((await place(service.client, name)).response).toEqual(answers[index]?.response);
    expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
  }
  // Nobody is left on the old one but ourselves, and the new master to be told about.
  const list = String(await admins[0].client('LIST', 'TYPE', 'NORMAL'));
  expect([...list.matchAll(/ cmd=eval(sha)? /g)]).toEqual([]);
  for (const admin of admins) admin.disconnect();
});
