import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { findFreePort } from '../../../src/embedded/port.ts';
import { scriptNames, scriptText } from '../../../src/idempotency/redis/scripts.ts';
import {
  countsOf,
  expectPlacedOnce,
  expectSettled,
  inWords,
  ONE_ORDER,
  place,
} from '../../integration/faults/named-orders.ts';
import { connectToRedis } from '../../integration/faults/redis-server.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { recordIdOf } from '../../integration/orders/record-names.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

// The service speaks to one server, and follows no redirection: in a cluster, what belongs to another node is asked of the ledger.

const SLOTS = 16_384;

interface Node {
  readonly redis: TestRedis;
  readonly admin: Redis;
  readonly busPort: number;
}

let database: TestDatabase;
let nodes: readonly [Node, Node];
/** Knows the first node alone. */
let service: WatchedService;

async function startNode(): Promise<Node> {
  const busPort = await findFreePort();
  const redis = await startTestRedis({ settings: { 'cluster-enabled': 'yes', 'cluster-port': String(busPort) } });
  return { redis, admin: connectToRedis(redis), busPort };
}

beforeAll(async () => {
  [database, ...nodes] = await Promise.all([createTestDatabase(), startNode(), startNode()]);
  const [one, other] = nodes;
  await one.admin.cluster('ADDSLOTSRANGE', 0, SLOTS / 2 - 1);
  await other.admin.cluster('ADDSLOTSRANGE', SLOTS / 2, SLOTS - 1);
  await one.admin.call('CLUSTER', 'MEET', '127.0.0.1', other.redis.port, other.busPort);
  for (const { admin } of nodes) {
    await until('the cluster is whole', async () => String(await admin.cluster('INFO')).includes('cluster_state:ok'));
  }
  service = await startWatchedService({ databaseUrl: database.url, redisUrl: one.redis.url });
}, 60_000);

afterAll(async () => {
  await service.stop();
  for (const { admin } of nodes) admin.disconnect();
  await Promise.all([database.drop(), ...nodes.map(({ redis }) => redis.stop())]);
});

// However many belong to another node, the others are as quick as before.
afterEach(async () => {
  expect(await service.gauge('idempotency_degraded')).toBe(0);
});

/** A key whose record belongs to a node. */
async function keyOf({ admin }: Node, name: string): Promise<{ readonly key: string; readonly slot: number }> {
  for (let index = 0; ; index += 1) {
    const key = `${name}-${index}`;
    const slot = await admin.cluster('KEYSLOT', `{${recordIdOf(key)}}`);
    if (slot < SLOTS / 2 === (admin === nodes[0].admin)) return { key, slot };
  }
}

const stateAt = async ({ admin }: Node, key: string) => {
  const [name] = await admin.keys(`*{${recordIdOf(key)}}`);
  return name === undefined ? undefined : await admin.hget(name, 'state');
};

// redis/ioredis#2075, #2109: a batch went to one node whatever it was about, and scripts were routed by something else than their key.
test('S5 every script works on one name, and every name has one tag, the record itself: whatever belongs to a record is in one slot', async () => {
  for (const name of scriptNames) expect([name, scriptText(name).match(/KEYS\[(?!1\])/)]).toEqual([name, null]);
  await Promise.all(Array.from({ length: 30 }, (_, index) => place(service.client, `S5-names-${index}`)));
  const names = (await nodes[0].admin.keys('*')).filter((name) => !name.endsWith(':probe'));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(name).toMatch(/^orders:[0-9a-f]+:\{[0-9a-f]{64}\}$/);
});

test('S5 what belongs to the node that the service knows is quick; what belongs to another is asked of the ledger, not refused', async () => {
  const [mine, theirs] = [await keyOf(nodes[0], 'S5-mine'), await keyOf(nodes[1], 'S5-theirs')];
  for (const { key } of [mine, theirs]) await expectPlacedOnce(service, key);
  await until('the outcome in Redis', async () => (await stateAt(nodes[0], mine.key)) === 'COMPLETED');
  expect(await stateAt(nodes[1], theirs.key)).toBeUndefined();
});

test('S5 many calls for both nodes at once: each has its own answer, and only those of the other node go to the ledger', async () => {
  const keys = [];
  for (let index = 0; index < 10; index += 1) {
    keys.push(await keyOf(nodes[0], `S5-batch-mine-${index}-`), await keyOf(nodes[1], `S5-batch-theirs-${index}-`));
  }
  const answers = await Promise.all(keys.map(({ key }) => place(service.client, key)));
  expect(answers.map(inWords)).toEqual(keys.map(() => 'OK executed'));
  for (const [index, { key, slot }] of keys.entries()) {
    if (slot < SLOTS / 2) await until('the outcome', async () => (await stateAt(nodes[0], key)) === 'COMPLETED');
    const answer = answers[index];
    if (answer !== undefined) await expectSettled({ client: service.client, databaseUrl: database.url }, key, answer);
  }
});

test('S5 a slot moves under load: ASK, then MOVED, and every order is placed once', async () => {
  const { key, slot } = await keyOf(nodes[0], 'S5-moving');
  const before = await place(service.client, key);
  const [one, other] = [await nodes[0].admin.cluster('MYID'), await nodes[1].admin.cluster('MYID')];
  const names = Array.from({ length: 40 }, (_, index) => `S5-load-${index}`);
  const load = Promise.all(
    names.map(async (name) => [await place(service.client, name), await place(service.client, name)]),
  );
  await nodes[1].admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', one);
  await nodes[0].admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', other);
  for (const name of await nodes[0].admin.cluster('GETKEYSINSLOT', slot, 100)) {
    await nodes[0].admin.migrate('127.0.0.1', nodes[1].redis.port, name, 0, 5_000);
  }
  const asked = await place(service.client, key);
  for (const { admin } of nodes) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', other);
  const moved = await place(service.client, key);
  expect([asked, moved].map(inWords)).toEqual(['OK replayed', 'OK replayed']);
  expect([asked, moved].map(({ response }) => response)).toEqual([before.response, before.response]);
  for (const [index, answers] of (await load).entries()) {
    expect(answers.map(inWords)).toEqual(['OK executed', 'OK replayed']);
    expect(await countsOf(database.url, names[index] ?? '')).toEqual(ONE_ORDER);
  }
});
