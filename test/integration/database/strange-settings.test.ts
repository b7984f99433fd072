import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { connectionSettings } from '../../../src/database/orm.ts';
import { cancelledOrder, cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import { startTestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { testConfig } from '../../support/test-config.ts';
import { status } from '../../support/unary-call.ts';
import { beginBusyTime } from '../faults/busy-connections.ts';
import { inWords, place } from '../faults/named-orders.ts';
import { connectTo, queryDatabase } from '../faults/query-database.ts';

let database: TestDatabase;
let name: string;

beforeAll(async () => {
  database = await createTestDatabase();
  name = new URL(database.url).pathname.slice(1);
});

afterAll(() => database.drop());

test.each([
  ['datestyle', 'SQL, DMY'],
  ['datestyle', 'German'],
  ['default_transaction_isolation', 'serializable'],
  ['timezone', 'Asia/Kathmandu'],
  ['intervalstyle', 'sql_standard'],
  ['extra_float_digits', '-15'],
  ['bytea_output', 'escape'],
])('what a database has set for itself changes no order: %s = %s', async (setting, value) => {
  await queryDatabase(database.url, `alter database ${name} set ${setting} = '${value}'`);
  await using service = await startTestService({ databaseUrl: database.url });
  await queryDatabase(database.url, `alter database ${name} reset ${setting}`);
  const placed = createdOrder(
    await createOrder(service.client, orderRequest(), { key: `${setting} ${value}`.replaceAll(/[ ,]+/g, '-') }),
  );
  expect(readOrder(await getOrder(service.client, placed.orderId))).toEqual(placed);
  const cancelled = cancelledOrder(await cancelOrder(service.client, placed.orderId));
  expect(cancelled.createTime).toEqual(placed.createTime);
  expect(readOrder(await getOrder(service.client, placed.orderId))).toEqual(cancelled);
});

test('P6 PostgreSQL asks within seconds whether a server that holds locks is still there', async () => {
  const client = new Client(connectionSettings(testConfig({ databaseUrl: database.url }).database));
  await client.connect();
  const { rows } = await client.query(
    `select name, setting from pg_settings where name like 'tcp\\_keepalives\\_%' order by name`,
  );
  await client.end();
  expect(rows.map(({ setting }) => Number(setting))).toEqual([3, 2, 1]);
});

test('P8 a database that grants no more connections is one that cannot be reached, and not a fault of the service', async () => {
  await using service = await startTestService({ databaseUrl: database.url });
  expect(inWords(await place(service.client, 'granted'))).toBe('OK executed');
  const other = new URL(database.url);
  other.pathname = '/postgres';
  await using admin = new AsyncDisposableStack();
  const client = await connectTo(other.href);
  admin.defer(() => client.end());
  await using busyTime = await beginBusyTime(database.url);
  await client.query(`alter database ${name} allow_connections false`);
  // Those that find a connection keep it; the others, and the order, need another.
  const reads = busyTime.read(service.client, 10);
  expect(inWords(await place(service.client, 'not-granted'))).toBe('UNAVAILABLE DATABASE_UNAVAILABLE, may retry');
  await client.query(`alter database ${name} allow_connections true`);
  await busyTime.end();
  for (const { code } of await Promise.all(reads)) expect([status.NOT_FOUND, status.UNAVAILABLE]).toContain(code);
  expect(inWords(await place(service.client, 'not-granted'))).toBe('OK executed');
});
