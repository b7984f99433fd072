import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Database } from '../../../src/database/database.ts';
import { poll } from '../../../src/embedded/poll.ts';
import {
  answerOf,
  createdOrder,
  createOrder,
  getOrder,
  orderRequest,
  readOrder,
} from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { testConfig } from '../../support/test-config.ts';
import { metadataValue, status } from '../../support/unary-call.ts';
import { openAudit } from '../orders/audit.ts';
import { namesOf, recordHas } from '../orders/record-names.ts';
import { type RestorablePostgres, startRestorablePostgres } from './restorable-postgres.ts';

let postgres: RestorablePostgres;
let redis: TestRedis;
let redisClient: Redis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startRestorablePostgres(), startTestRedis()]);
  redisClient = new Redis(redis.url);
}, 60_000);

afterAll(async () => {
  redisClient.disconnect();
  await Promise.all([postgres.stop(), redis.stop()]);
}, 60_000);

async function openDatabase(databaseUrl: string): Promise<Database> {
  const database = new Database({ ...testConfig({ databaseUrl }).database, onChange: () => {} });
  await database.start();
  return database;
}

async function epochAfter(database: Database, epoch: string | undefined): Promise<string | undefined> {
  const probe = async () => (database.epoch === epoch ? undefined : database.epoch);
  return await poll(probe, { timeoutMs: 20_000 });
}

test('a restart of PostgreSQL begins another life, which all processes call by the same name', async () => {
  const [one, other] = await Promise.all([openDatabase(postgres.url), openDatabase(postgres.url)]);
  try {
    const before = one.epoch;
    expect(before).toMatch(/^[0-9a-f]{16}$/);
    expect(other.epoch).toBe(before);
    await postgres.restart();
    const after = await epochAfter(one, before);
    expect(after).toMatch(/^[0-9a-f]{16}$/);
    expect(await epochAfter(other, before)).toBe(after);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
}, 60_000);

test('two databases of one server have lives of their own', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const databases = await Promise.all([openDatabase(one.url), openDatabase(other.url)]);
  expect(databases[0].epoch).not.toBe(databases[1].epoch);
  await Promise.all(databases.map((database) => database.close()));
  await Promise.all([one.drop(), other.drop()]);
});

async function place(service: TestService, key: string) {
  let result = await createOrder(service.client, orderRequest({ customerId: key }), { key });
  while (result.code === status.UNAVAILABLE) {
    result = await createOrder(service.client, orderRequest({ customerId: key }), { key });
  }
  return result;
}

// D8 of the museum: the database goes back in time, and Redis does not.
test('P5 after a restore Redis tells no answer of an order that is gone: its key places it anew, others keep theirs', async () => {
  const service = await startTestService({ databaseUrl: postgres.url, redisUrl: redis.url });
  try {
    const kept = answerOf(await place(service, 'kept'));
    await recordHas(redisClient, 'kept', 'state', 'COMPLETED');
    await postgres.backUp();
    const lost = await place(service, 'lost');
    const { orderId } = createdOrder(lost);
    await recordHas(redisClient, 'lost', 'state', 'COMPLETED');

    await postgres.restore();
    expect(await namesOf(redisClient, 'lost')).toHaveLength(1);
    const again = await place(service, 'lost');
    expect(metadataValue(again, 'idempotency-status')).toBe('executed');
    const order = createdOrder(again);
    expect(order.orderId).not.toBe(orderId);
    expect(readOrder(await getOrder(service.client, order.orderId))).toEqual(order);
    expect((await getOrder(service.client, orderId)).code).toBe(status.NOT_FOUND);
    expect(answerOf(await place(service, 'kept'))).toEqual(kept);
    await using audit = await openAudit(postgres.url);
    expect(await audit.totals()).toEqual({ orders: 2, items: 4, entries: 2 });
  } finally {
    await service.stop();
  }
}, 60_000);
