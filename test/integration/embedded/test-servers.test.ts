import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startOwnPostgres } from '../../support/own-postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis } from '../../support/redis.ts';
import { query } from './query.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

test('each test database is empty and apart from the others', async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  cleanUps.push(first.drop, second.drop);
  await query(first.url, 'CREATE TABLE things (id int)');
  expect(await query(second.url, "SELECT to_regclass('things') AS found")).toEqual([{ found: null }]);
});

test("a test's own PostgreSQL keeps what it acknowledged through a hard kill", async () => {
  const postgres = await startOwnPostgres();
  cleanUps.push(postgres.stop);
  await query(postgres.url, 'CREATE TABLE things AS SELECT 7 AS id');
  const before = postgres.processId;
  await postgres.killHard();
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  await postgres.restart();
  expect(postgres.processId).not.toBe(before);
  expect(await query(postgres.url, 'SELECT id FROM things')).toEqual([{ id: 7 }]);
});

test("a test's own PostgreSQL answers nothing while it is frozen, and everything after", async () => {
  const postgres = await startOwnPostgres();
  cleanUps.push(postgres.stop);
  await postgres.freeze();
  await expect(query(postgres.url, 'SELECT 1', 100)).rejects.toThrow('timeout');
  await postgres.thaw();
  expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await postgres.freeze();
  await postgres.stop();
});

test.each([
  { isPersistent: false, found: null },
  { isPersistent: true, found: 'value' },
])(
  "a test's own Redis answers $found after a kill if isPersistent is $isPersistent",
  async ({ isPersistent, found }) => {
    const redis = await startTestRedis({ isPersistent });
    cleanUps.push(redis.stop);
    const client = new Redis(redis.url, { retryStrategy: () => 20 });
    client.on('error', () => {});
    await client.set('key', 'value');
    await redis.kill();
    await redis.restart();
    expect(await client.get('key')).toBe(found);
    await client.quit();
    await redis.freeze();
    await redis.stop();
    await redis.stop();
  },
);
