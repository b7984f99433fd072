import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectSettled, inWords, place } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { startWatchedService } from '../../integration/faults/watched-service.ts';
import { createdOrder, getOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type CallResult, status } from '../../support/unary-call.ts';

// D8: https://github.blog/2012-09-14-github-availability-this-week/, constructorfabric/gears-rust#4874. The cache knew rows that the
// database no longer had. Here the database is put back by SQL, while its server runs on.

let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
});

afterAll(() => redis.stop());

const nameOf = ({ url }: TestDatabase) => new URL(url).pathname.slice(1);

/** @param empty is the database as it was before the first order */
type GoBack = (database: TestDatabase, empty: TestDatabase) => Promise<void>;

const waysBack: Readonly<Record<string, GoBack>> = {
  'a copy takes the name of the database': async (database, empty) => {
    const elsewhere = new URL(database.url);
    elsewhere.pathname = '/postgres';
    await queryDatabase(elsewhere.href, `drop database ${nameOf(database)} with (force)`);
    await queryDatabase(elsewhere.href, `alter database ${nameOf(empty)} rename to ${nameOf(database)}`);
  },
  'its tables are emptied, to be filled again': async (database) => {
    await queryDatabase(database.url, 'truncate orders, idempotency_keys cascade');
  },
};

test.each(Object.entries(waysBack))('D8 no answer outlives its order: %s', async (_how, goBack) => {
  const [database, empty] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await Promise.all([database.drop(), empty.drop()]);
  });
  const service = await startWatchedService({ databaseUrl: database.url, redisUrl: redis.url });
  stack.defer(() => service.stop());
  const lost = createdOrder(await place(service.client, 'lost'));
  expect(inWords(await place(service.client, 'lost'))).toBe('OK replayed');
  await goBack(database, empty);

  let again: CallResult | undefined;
  // The life of a database whose connections live on is looked at once a second.
  await until('an answer whose order is there', async () => {
    again = await place(service.client, 'lost');
    return again.code === status.OK && (await getOrder(service.client, createdOrder(again).orderId)).code === status.OK;
  });
  if (again === undefined) throw new Error('nobody has asked');
  expect(createdOrder(again).orderId).not.toBe(lost.orderId);
  expect((await getOrder(service.client, lost.orderId)).code).toBe(status.NOT_FOUND);
  await expectSettled({ client: service.client, databaseUrl: database.url }, 'lost', again);
});
