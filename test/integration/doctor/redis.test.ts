import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { refusalSettings, refusals } from '../faults/redis-refusals.ts';
import { connectToRedis } from '../faults/redis-server.ts';
import { examined } from './examined.ts';
import { type Arranged, arrangedDatabase } from './rows.ts';

// What is seen of a Redis that is there, and not as it should be.

let server: TestRedis;
let admin: Redis;
let database: Arranged;

beforeAll(async () => {
  [server, database] = await Promise.all([startTestRedis({ settings: refusalSettings }), arrangedDatabase()]);
  admin = connectToRedis(server);
});

afterAll(async () => {
  admin.disconnect();
  await Promise.all([server.stop(), database.drop()]);
});

function stores(redisUrl = server.url) {
  return { databaseUrl: database.url, redisUrl };
}

const told: Readonly<Record<string, string>> = {
  OOM: 'it refuses writes, for its memory is full',
  NOREPLICAS: 'it refuses writes, for it has too few replicas',
  READONLY: 'it is a replica: it cannot be written to',
  MISCONF: 'it refuses writes, for it cannot save its data',
  BUSY: 'it is busy with a script',
  LOADING: 'it is loading its data',
};

test.each(refusals)('a Redis that answers $error is a fault in plain words', async ({ error, provoke }) => {
  const undo = await provoke(server);
  const { code, of } = await examined(stores());
  await undo();
  expect(of('redis')).toMatchObject({ level: 'fault', message: told[error] });
  expect(code).toBe(1);
  expect((await examined(stores())).of('redis').level).toBe('ok');
});

test('nothing is written, and nothing is left behind', async () => {
  await admin.flushall();
  const changes = async () => /rdb_changes_since_last_save:(\d+)/.exec(await admin.info('persistence'))?.[1];
  const before = await changes();
  await examined(stores());
  expect([await changes(), await admin.dbsize()]).toEqual([before, 0]);
});

test.each([
  ['allkeys-lru', 'running claims and the event stream'],
  ['volatile-ttl', 'running claims'],
])('a policy that evicts is a warning: %s drops %s', async (policy, dropped) => {
  await admin.config('SET', 'maxmemory-policy', policy);
  const { of } = await examined(stores());
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  expect(of('eviction')).toMatchObject({
    level: 'warning',
    message: `${policy} drops ${dropped}`,
    advice: expect.stringContaining('slower, not wrong'),
  });
});

test('memory that is nearly full is a warning, and full memory a fault', async () => {
  const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
  await admin.config('SET', 'maxmemory', Math.round(used / 0.95));
  const nearly = (await examined(stores())).of('eviction');
  await admin.config('SET', 'maxmemory', 1);
  const full = (await examined(stores())).of('eviction');
  await admin.config('SET', 'maxmemory', 0);
  expect(nearly.level).toBe('warning');
  expect(full).toMatchObject({ level: 'fault', message: expect.stringContaining('writes are refused') });
});

test('a Redis that keeps nothing over a restart is a warning, and one that keeps snapshots none', async () => {
  await admin.config('SET', 'save', '');
  expect((await examined(stores())).of('persistence')).toMatchObject({
    level: 'warning',
    message: 'keeps nothing over a restart: slow for a while, and right',
  });
  await admin.config('SET', 'save', '3600 1');
  expect((await examined(stores())).of('persistence')).toMatchObject({
    level: 'ok',
    message: 'keeps snapshots (save 3600 1)',
  });
});

test('records without a time to live are a fault, with their names; the event stream is none', async () => {
  await admin.flushall();
  const eternal = `orders:0123456789abcdef:{${'ab'.repeat(32)}}`;
  await admin.hset(eternal, 'state', 'PENDING');
  await admin.set('orders:0123456789abcdef:{cd}', '', 'PX', 60_000);
  await admin.xadd('orders.events', '1-0', 'id', 'x');
  await admin.set('orders.events:consumer', '');
  await admin.set('somebody-elses', '');
  expect((await examined(stores())).of('records')).toMatchObject({
    level: 'fault',
    message: '1 of 2 keys would stay for ever',
    advice: expect.stringContaining('redis-cli DEL'),
    facts: { looked: 2, isWhole: true, eternal: 1, names: [eternal] },
  });
  await admin.persist('orders:0123456789abcdef:{cd}');
  await admin.del(eternal);
  expect((await examined(stores())).of('records').facts['eternal']).toBe(1);
  await admin.flushall();
});

/** A user with some rights taken away. */
async function urlOf(user: string, ...rights: readonly string[]): Promise<string> {
  await admin.call('ACL', 'SETUSER', user, 'reset', 'on', '>sesame', '~*', '&*', '+@all', ...rights);
  const url = new URL(server.url);
  [url.username, url.password] = [user, 'sesame'];
  return url.href;
}

test('a user who may not run scripts is a fault that says which rights are missing', async () => {
  const redisUrl = await urlOf('scriptless', '-eval', '-evalsha');
  const found = (await examined(stores(redisUrl))).of('scripts');
  expect(found).toMatchObject({
    level: 'fault',
    message: 'EVAL is forbidden: Redis is of no use to us',
    advice: expect.stringContaining('+eval +evalsha'),
  });
});

test('what a user may not look at is said, and what can be known otherwise is known', async () => {
  const redisUrl = await urlOf('guest', '-config', '-script', '-scan', '-xinfo');
  const { of, at } = await examined(stores(redisUrl));
  expect(of('persistence')).toMatchObject({ message: 'no append-only file; snapshots could not be looked at' });
  expect(of('eviction').facts['policy']).toBe('noeviction');
  expect(of('scripts')).toMatchObject({ level: 'warning', message: 'not tried: SCRIPT LOAD is forbidden' });
  expect(of('records')).toMatchObject({ level: 'warning', message: expect.stringContaining('not looked at: NOPERM') });
  expect(of('stream')).toMatchObject({ level: 'warning', message: expect.stringContaining('not looked at: NOPERM') });
  expect(at('fault')).toEqual(['durability']);
});

test('a wrong password is told as such, and not printed', async () => {
  await urlOf('guest');
  const url = new URL(server.url);
  [url.username, url.password] = ['guest', 'open-up'];
  const { of, checks } = await examined(stores(url.href));
  expect(of('redis')).toMatchObject({ level: 'fault', message: expect.stringMatching(/password/) });
  expect(JSON.stringify(checks)).not.toContain('open-up');
});
