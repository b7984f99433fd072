import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type CallResult, status } from '../../support/unary-call.ts';
import { customerIn, expectPlacedOnce, inWords, place, placeOther, REUSED } from './named-orders.ts';
import { queryDatabase } from './query-database.ts';
import { completedReply, connectToRedis } from './redis-server.ts';
import { startWatchedService, type WatchedService } from './watched-service.ts';

const ORDERS = 60;
const DUPLICATES = 4;
const DISTURBANCE_INTERVAL_MS = 5;

let database: TestDatabase;
let redis: TestRedis;
let admin: Redis;
let proxy: TcpProxy;
/** Somebody's answer, which nobody else must get. */
let stranger: CallResult;
let services: readonly [WatchedService, WatchedService];

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  admin = connectToRedis(redis);
  proxy = await startTcpProxy(redis.port);
  const stores = { databaseUrl: database.url, redisUrl: `redis://127.0.0.1:${proxy.port}` };
  const settings = { REDIS_COMMAND_TIMEOUT_MS: '300', REDIS_SLOW_MS: '250', REDIS_CIRCUIT_PROBE_MS: '20' };
  services = [await startWatchedService({ ...stores, settings }), await startWatchedService({ ...stores, settings })];
  stranger = await expectPlacedOnce(services[0], 'stranger');
});

afterAll(async () => {
  admin.disconnect();
  await Promise.all(services.map((service) => service.stop()));
  await proxy.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

const disturbances: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['FLUSHALL', () => admin.flushall()],
  ['SCRIPT FLUSH', () => admin.script('FLUSH')],
  ['sockets that are cut', () => admin.call('CLIENT', 'KILL', 'TYPE', 'normal')],
  ['replies that get lost', async () => proxy.swallowReplyTo('evalsha')],
  ["strangers' replies", async () => proxy.answerBefore('evalsha', completedReply(stranger))],
  [
    'a master that is demoted and promoted',
    () => admin.replicaof('127.0.0.1', 1).then(() => admin.replicaof('NO', 'ONE')),
  ],
];

test.each(disturbances)(
  'P1, P2: traffic under %s: one order for each key, and its own answer for each call',
  async (what, disturb) => {
    const names = Array.from({ length: ORDERS }, (_, index) => `${what.replaceAll(/\W/g, '-')}-${index}`);
    await using disturbed = disturbing(disturb);
    const answers = await Promise.all(names.map((name) => placeRepeatedly(name)));
    await disturbed.stop();
    proxy.heal();
    expect(disturbed.times()).toBeGreaterThan(5);

    for (const [index, ofOne] of answers.entries()) {
      const accepted = ofOne.filter(({ code }) => code === status.OK);
      expect(accepted).toHaveLength(DUPLICATES);
      expect(accepted.map(customerIn)).toEqual(accepted.map(() => names[index]));
      expect(new Set(accepted.map(({ response }) => response?.toString('hex'))).size).toBe(1);
      expect(ofOne.filter(({ code }) => code !== status.OK).map(inWords)).toEqual([REUSED]);
    }
    expect(await placedMoreOrLessThanOnce(names)).toEqual([]);
  },
);

/** Duplicates at both services, some at once and some after; in the end another order with the same key. */
async function placeRepeatedly(name: string): Promise<CallResult[]> {
  const [one, other] = services;
  const atOnce = await Promise.all([place(one.client, name), place(other.client, name), place(one.client, name)]);
  return [...atOnce, await place(other.client, name), await placeOther(one.client, name)];
}

async function placedMoreOrLessThanOnce(names: readonly string[]): Promise<readonly unknown[]> {
  return await queryDatabase(
    database.url,
    `select name, orders, items, keys from unnest($1::text[]) as wanted (name),
      lateral (select count(*) as orders from orders where customer_id = name) as counted_orders,
      lateral (select count(*) as items from order_items join orders using (order_id) where customer_id = name) as counted_items,
      lateral (select count(*) as keys from idempotency_keys where key = name) as counted_keys
    where (orders, items, keys) <> (1, 2, 1)`,
    [names],
  );
}

/** Disturbs again and again until it is stopped. */
function disturbing(disturb: () => Promise<unknown>) {
  let times = 0;
  let stopped = false;
  const disturbAll = async () => {
    for (; !stopped; times += 1) {
      await disturb();
      await sleep(DISTURBANCE_INTERVAL_MS);
    }
  };
  const done = disturbAll();
  const stop = async () => {
    stopped = true;
    await done;
  };
  return { times: () => times, stop, [Symbol.asyncDispose]: stop };
}
