import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisStore, RedisStoreOptions } from '../../../../src/idempotency/index.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { until } from '../stage/until.ts';
import { nameOf, newRecord, openStore } from './store-bench.ts';

const binary = Buffer.from([0x00, 0xff, 0xfe, 0x0a, 0x0d, 0x00]);
const completed = { kind: 'completed', response: binary } as const;
const failed = { kind: 'failed', code: 5, message: 'gone: „ü“ 🦊', details: binary } as const;

let redis: TestRedis;
let client: Redis;
let store: RedisStore;
const opened: RedisStore[] = [];

/** A store that is closed at the end, whatever happens. */
function open(options: Partial<RedisStoreOptions> = {}): RedisStore {
  const fresh = openStore(redis.url, options);
  opened.push(fresh);
  return fresh;
}

beforeAll(async () => {
  redis = await startTestRedis();
  client = new Redis(redis.url);
  store = open();
  await until('the connection of the store', async () => {
    const reply = await store.begin(store.newClaim(newRecord()));
    return reply.kind === 'acquired';
  });
});

afterAll(async () => {
  for (const each of opened) {
    each.close();
  }
  client.disconnect();
  await redis.stop();
});

beforeEach(async () => {
  await client.flushall();
});

test('another claim of a record in progress is told so, and the owner is recognised when it asks again', async () => {
  const record = newRecord();
  const owner = store.newClaim(record);
  expect(await store.begin(owner)).toEqual({ kind: 'acquired', takeover: false });
  expect(await store.begin(store.newClaim(record))).toMatchObject({ kind: 'inProgress' });
  expect(await store.begin(owner)).toEqual({ kind: 'acquired', takeover: false });
});

test.each([completed, failed])('an outcome that is $kind comes back with every byte (S1)', async (outcome) => {
  const claim = store.newClaim(newRecord());
  await store.begin(claim);
  expect(await store.settle(claim, outcome, 60_000)).toBe('done');
  // Many at once, so that they share a pipeline: that is where others have lost bytes.
  const replies = await Promise.all(Array.from({ length: 20 }, () => store.begin(store.newClaim(claim.record))));
  expect(replies).toEqual(replies.map(() => ({ kind: 'settled', outcome })));
});

test('an answer over the limit is not kept here: ask the ledger', async () => {
  const claim = store.newClaim(newRecord());
  await store.begin(claim);
  expect(await store.settle(claim, { kind: 'completed', response: Buffer.alloc(1_001, 'x') }, 60_000)).toBe('done');
  expect(await store.begin(store.newClaim(claim.record))).toEqual({ kind: 'askLedger' });
  expect(await client.memory('USAGE', nameOf(claim.record))).toBeLessThan(1_000);
});

test('a script cache that is emptied at any moment goes unnoticed (S2)', async () => {
  const claim = store.newClaim(newRecord());
  await client.script('FLUSH');
  expect(await store.begin(claim)).toEqual({ kind: 'acquired', takeover: false });
  await client.script('FLUSH');
  expect(await store.renew(claim)).toBe('done');
  await client.script('FLUSH');
  expect(await store.settle(claim, completed, 60_000)).toBe('done');
  await client.script('FLUSH');
  expect(await store.begin(store.newClaim(claim.record))).toEqual({ kind: 'settled', outcome: completed });
});

test.each([
  ['a value of another type', (name: string) => client.rpush(name, 'a', 'b')],
  ['a hash that is no record', (name: string) => client.hset(name, { state: 'COMPLETED' })],
])('%s under the name of a record: ask the ledger, and leave it alone', async (_what, put) => {
  const claim = store.newClaim(newRecord());
  await put(nameOf(claim.record));
  const before = await client.dumpBuffer(nameOf(claim.record));
  expect(await store.begin(claim)).toEqual({ kind: 'askLedger' });
  expect(await store.settle(claim, completed, 60_000)).toBe('lost');
  expect(await store.release(claim)).toBe('lost');
  expect(await client.dumpBuffer(nameOf(claim.record))).toEqual(before);
});

test('while the life of the database is not known, nothing in Redis is believed or written', async () => {
  let epoch: string | undefined = 'known';
  const moving = open({ epoch: () => epoch });
  await until('the connection', async () => (await moving.begin(moving.newClaim(newRecord()))).kind === 'acquired');
  await client.flushall();
  epoch = undefined;
  const claim = moving.newClaim(newRecord());
  expect(await moving.begin(claim)).toEqual({ kind: 'unavailable' });
  expect(await moving.settle(claim, completed, 60_000)).toBe('unavailable');
  expect(await client.keys('test:*:{*')).toEqual([]);
});

test('a claim belongs to the life of the database in which it was made (D8)', async () => {
  let epoch = 'before';
  const moving = open({ epoch: () => epoch });
  const record = newRecord();
  const claim = moving.newClaim(record);
  await until('the connection', async () => (await moving.begin(claim)).kind === 'acquired');
  epoch = 'after';
  expect(await moving.settle(claim, completed, 60_000)).toBe('done');
  // Whoever has waited since then must not get what was lost with that life.
  expect(await moving.begin(claim)).toEqual({ kind: 'unavailable' });
  expect(await moving.begin(moving.newClaim(record))).toEqual({ kind: 'acquired', takeover: false });
  expect(await client.keys('test:before:*')).toHaveLength(1);
});
