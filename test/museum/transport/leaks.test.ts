import { once } from 'node:events';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { orderOf, place } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { createOrder } from '../../support/order-requests.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { status } from '../../support/unary-call.ts';
import { type MeasuredProcess, startMeasuredProcess } from '../operations/measured-process.ts';

let database: TestDatabase;
let redis: TestRedis;
let replicas: readonly [MeasuredProcess, MeasuredProcess];

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const stores = { databaseUrl: database.url, redisUrl: redis.url };
  replicas = await Promise.all([startMeasuredProcess(stores), startMeasuredProcess(stores)]);
  // A slow owner, for others to wait for.
  await queryDatabase(
    database.url,
    `create function rest() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
    create trigger rests before insert on orders for each row when (new.customer_id like 'slow%') execute function rest()`,
  );
}, 60_000);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]()));
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

/** So many at once, until it was done so often. */
async function often(times: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let index = next++; index < times; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

/** What a process holds more for each time that something is done, in bytes; the first times, which warm it up, do not count. */
async function growthOf(times: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<number> {
  await often(times / 4, atOnce, work);
  const before = await settledHeap();
  await often(times, atOnce, (index) => work(times + index));
  return ((await settledHeap()) - before) / times;
}

async function settledHeap(): Promise<number> {
  const sizes = await Promise.all(replicas.map((replica) => replica.heapBytes()));
  return Math.max(...sizes);
}

/** Less than any of them could leave behind, in bytes, and more than what is measured differs by. */
const [aConnection, aCall] = [1_000, 1_500];

async function shortConnection(index: number): Promise<void> {
  const port = replicas[index % 2]?.port ?? 0;
  if (index % 3 === 0) {
    // Says nothing at all, or something else.
    const socket = createConnection({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    if (index % 2 === 0) socket.resetAndDestroy();
    else socket.end('GET / HTTP/1.1\r\n\r\n').resume();
    await closed;
    return;
  }
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc+proto',
    te: 'trailers',
  });
  const ended = once(stream, 'close');
  stream.resume().end(Buffer.alloc(5));
  await ended;
  const closed = once(session, 'close');
  if (index % 2 === 0) session.close();
  else session.destroy();
  await closed;
}

// G10: grpc/grpc-node#1941, #2068. A server kept something of each connection, and of each call that was cancelled.
test('G10 connections and cancelled waiters leave nothing behind: 2,000 short connections, some without a word, some cut', async () => {
  expect(await growthOf(1_600, 16, shortConnection)).toBeLessThan(aConnection);
});

test('G10 connections and cancelled waiters leave nothing behind: 2,000 waiters, each cancelled by its caller or its deadline', async () => {
  const cancelledWaiter = async (index: number) => {
    const caller = new AbortController();
    const { client } = replicas[index % 2] ?? replicas[0];
    const name = `slow-${Math.floor(index / 80)}`;
    const call = place(client, name, { signal: caller.signal, deadlineMs: index % 3 === 0 ? 20 : 20_000 });
    setTimeout(() => caller.abort(), 20);
    const { code } = await call;
    // UNAVAILABLE: so many slow owners leave some without a connection.
    expect(['OK', 'CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE']).toContain(status[code]);
  };
  const growth = await growthOf(1_600, 100, cancelledWaiter);
  await until('all have ended', async () => {
    const rows = await queryDatabase(database.url, `select from pg_stat_activity where wait_event = 'PgSleep'`);
    return rows.length === 0;
  });
  expect(growth).toBeLessThan(aCall);
});

// O2: AnchorNet-Org/AnchorNet-Backend#221. A map of keys in the memory of each replica grew with every request, and no replica knew the
// other's.
test('O2 nothing is held in a process for a key whose call has ended: 2,250 keys at two replicas, with and without Redis', async () => {
  const oneKey = (prefix: string) => async (index: number) => {
    const { client } = replicas[index % 2] ?? replicas[0];
    const { code } = await createOrder(client, orderOf(`${prefix}-${index}`), { key: `${prefix}-${index}` });
    expect(code).toBe(status.OK);
  };
  expect(await growthOf(1_200, 32, oneKey('with'))).toBeLessThan(aCall);
  await redis.kill();
  expect(await growthOf(600, 32, oneKey('without'))).toBeLessThan(aCall);
  await redis.restart();
  // Each knows what the other has done.
  const [one, other] = replicas;
  for (const index of [300, 301]) {
    const [first, second] = [await place(one.client, `with-${index}`), await place(other.client, `with-${index}`)];
    expect([first.code, second.response]).toEqual([status.OK, first.response]);
  }
});
