import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { misbehave } from '../../integration/faults/misbehaviour.ts';
import { countsOf, expectSettled, inWords, ONE_ORDER, place } from '../../integration/faults/named-orders.ts';
import { queryDatabase } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { committed, entrySent } from '../../support/passages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import type { CallResult } from '../../support/unary-call.ts';

let database: TestDatabase;
let redis: TestRedis;
let proxy: TcpProxy;
/** Its way to PostgreSQL leads through the proxy. */
let cutOff: TestService;
let neighbour: TestService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const url = new URL(database.url);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  neighbour = await startTestService({ databaseUrl: database.url, redisUrl: redis.url });
  cutOff = await startTestService({ databaseUrl: url.href, redisUrl: redis.url });
}, 60_000);

afterAll(async () => {
  await Promise.all([cutOff.stop(), neighbour.stop()]);
  await proxy.stop();
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

/** A mutation for an order of some name, repeatable under one key. */
type Mutation = (client: Client) => Promise<CallResult>;
const mutations: Readonly<Record<string, (name: string) => Promise<Mutation>>> = {
  CreateOrder: async (name) => (client) => place(client, name),
  CancelOrder: async (name) => {
    const { orderId } = createdOrder(await place(neighbour.client, name));
    return (client) => cancelOrder(client, orderId, { key: `cancel-${name}` });
  },
};
const cuts = [
  { when: 'before', passages: [entrySent], retried: 'OK executed' },
  { when: 'after', passages: [entrySent, committed], retried: 'OK replayed' },
];

// D2: jruby/activerecord-jdbc-adapter#1216. A COMMIT that met a dead connection was repeated on a fresh one, where it committed nothing.
test.each(cuts.flatMap((cut) => Object.entries(mutations).map(([method, arrange]) => ({ ...cut, method, arrange }))))(
  'D2 a commit whose connection dies is not repeated elsewhere: cut $when it, $method has an unknown outcome, and the same key settles it at another server',
  async ({ when, passages, retried, method, arrange }) => {
    const name = `${method}-cut-${when}`;
    const mutate = await arrange(name);
    const wasCut = proxy.cutAfter(...passages);
    const first = await mutate(cutOff.client);
    await wasCut;
    expect(inWords(first)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
    const again = await mutate(neighbour.client);
    expect(inWords(again)).toBe(retried);
    const third = await mutate(cutOff.client);
    expect([inWords(third), third.response]).toEqual(['OK replayed', again.response]);
    const changes = method === 'CreateOrder' ? [1] : [1, 2];
    expect(await sequencesOf(name)).toEqual(changes);
  },
);

async function sequencesOf(customer: string): Promise<readonly unknown[]> {
  const rows = await queryDatabase(
    database.url,
    `select sequence from order_events where order_id in (select order_id from orders where customer_id = $1) order by 1`,
    [customer],
  );
  return rows.map((row) => Object.values(row ?? {})[0]);
}

/** Timers of ours that can end while PostgreSQL commits, and what their callers are told. */
const timers = {
  'the guard against silence': {
    settings: {
      DATABASE_LOCK_TIMEOUT_MS: '100',
      DATABASE_STATEMENT_TIMEOUT_MS: '150',
      DATABASE_SILENCE_LIMIT_MS: '200',
    },
    told: 'UNAVAILABLE OUTCOME_UNKNOWN, may retry',
  },
  'the limit of the handler': {
    settings: { IDEMPOTENCY_HANDLER_LIMIT_MS: '200' },
    told: 'UNAVAILABLE OUTCOME_UNKNOWN, may retry',
  },
  'the limit of the call': {
    settings: { GRPC_CALL_LIMIT_MS: '200' },
    told: 'DEADLINE_EXCEEDED CALL_LIMIT_EXCEEDED, may retry',
  },
  'the deadline of the caller': { settings: {}, deadlineMs: 200, told: 'DEADLINE_EXCEEDED no reason' },
};

// D3: brianc/node-postgres#3399. The client's own timer gave a COMMIT up that went through, and left the connection wedged.
storiesAtOnce(
  Object.fromEntries(
    Object.entries(timers).map(([timer, { settings, told, ...options }]) => [
      `D3 a timer that ends during a commit means unknown, never failed: ${timer}`,
      async () => {
        const name = timer.replaceAll(' ', '-');
        await misbehave(database.url, name, 'perform pg_sleep(0.6)', 'commit');
        await using service = await startTestService({ databaseUrl: database.url, redisUrl: redis.url, settings });
        const first = await place(service.client, name, options);
        expect(inWords(first)).toBe(told);
        await until('the commit', async () => (await queryDatabase(database.url, entryOf, [name])).length === 1);
        const again = await place(service.client, name);
        expect(inWords(again)).toBe('OK replayed');
        await expectSettled({ client: service.client, databaseUrl: database.url }, name, again);
        // More than the pool has places: none is taken by a wedged connection.
        const names = Array.from({ length: 12 }, (_, index) => `${name}-after-${index}`);
        const isPlaced = async (each: string) => inWords(await place(service.client, each)).startsWith('OK');
        await Promise.all(names.map((each) => until(`${each} is placed`, () => isPlaced(each))));
        expect(await countsOf(database.url, name)).toEqual(ONE_ORDER);
      },
    ]),
  ),
);

const entryOf = 'select from idempotency_keys where key = $1';
