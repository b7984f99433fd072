import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startOwnPostgres } from '../../support/own-postgres.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis } from '../../support/redis.ts';
import { useCleanUp } from './clean-up.ts';
import { query } from './query.ts';

// Servers start within a second, but the disk of a busy machine can take its time.
const cleanUp = useCleanUp();

test('each test database is apart from the others', async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  cleanUp(first.drop);
  cleanUp(second.drop);
  await query(first.url, 'CREATE TABLE things (id int)');
  expect(await query(second.url, "SELECT to_regclass('things') AS found")).toEqual([{ found: null }]);
});

test("a test's own PostgreSQL keeps what it acknowledged through a hard kill", async () => {
  const postgres = await startOwnPostgres();
  cleanUp(postgres.stop);
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
  cleanUp(postgres.stop);
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
    cleanUp(redis.stop);
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
