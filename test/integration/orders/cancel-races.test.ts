import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cancelledOrder, cancelOrder, moveOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest, readOrder } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { type Passage, startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';
import { connectTo } from '../faults/query-database.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from './stores.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;
let other: ServiceProcess;
let proxy: TcpProxy;
let behindProxy: TestService;

beforeAll(async () => {
  stores = await openStores();
  const url = new URL(stores.databaseUrl);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  [service, other, behindProxy] = await Promise.all([
    startTestService({ ...stores, pause: gate.pause }),
    startServiceProcess(stores),
    startTestService({ ...stores, databaseUrl: url.href }),
  ]);
}, 60_000);

afterAll(async () => {
  gate.open();
  await Promise.all([service.stop(), other.kill(), behindProxy.stop()]);
  await proxy.stop();
  await stores.close();
}, 60_000);

async function place(): Promise<string> {
  const key = crypto.randomUUID();
  return createdOrder(await createOrder(service.client, orderRequest(), { key })).orderId;
}

/** Whoever waits for its turn for too long, on a busy machine, is told to come again. */
async function cancelUntilDecided(client: Client, orderId: string, key: string): Promise<CallResult> {
  const result = await cancelOrder(client, orderId, { key });
  return result.code === status.UNAVAILABLE ? await cancelUntilDecided(client, orderId, key) : result;
}

async function statesOf(orderId: string): Promise<unknown[]> {
  const rows = await stores.audit.run('select state from order_events where order_id = $1 order by sequence', [
    orderId,
  ]);
  return rows.map(({ state }) => state);
}

test('P1 (L1) 200 equal cancels at once over two processes have one effect and one answer', async () => {
  const orderId = await place();
  const calls = Array.from({ length: 100 }, () =>
    [service, other].map(({ client }) => cancelOrder(client, orderId, { key: 'crowd', reason: 'crowd' })),
  );
  const results = await Promise.all(calls.flat());
  expect(new Set(results.map((result) => cancelledOrder(result) && result.response?.toString('hex'))).size).toBe(1);
  const how = results.map((result) => metadataValue(result, 'idempotency-status'));
  expect(how.filter((word) => word === 'executed')).toHaveLength(1);
  expect(await statesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
});

test('P1 100 cancels of one order at once, each with a key of its own: one cancels it, the others are told that it is', async () => {
  const orderId = await place();
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const { client } = index % 2 === 0 ? service : other;
      return cancelUntilDecided(client, orderId, `rival-${index}`);
    }),
  );
  expect(results.filter(({ code }) => code === status.OK)).toHaveLength(1);
  const losers = results.filter(({ code }) => code !== status.OK);
  expect(new Set(losers.map(({ errorInfo }) => errorInfo?.reason))).toEqual(new Set(['ORDER_NOT_CANCELLABLE']));
  expect(await statesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
});

test.each([
  ['begins to be processed', ['PROCESSING'], { code: status.OK, states: ['PENDING', 'PROCESSING', 'CANCELLED'] }],
  [
    'is confirmed',
    ['PROCESSING', 'CONFIRMED'],
    { code: status.FAILED_PRECONDITION, states: ['PENDING', 'PROCESSING', 'CONFIRMED'] },
  ],
] as const)(
  '(A6) an order that %s between reading and writing is decided upon again',
  async (_name, moves, expected) => {
    const orderId = await place();
    const key = `between-${moves.length}`;
    const { result } = await gate.hold(() => cancelOrder(service.client, orderId, { key }));
    for (const state of moves) await moveOrder(stores.audit.run, orderId, state);
    gate.open();
    const first = await result;
    expect(first.code).toBe(expected.code);
    expect(metadataValue(first, 'idempotency-status')).toBe('executed');
    expect(await statesOf(orderId)).toEqual(expected.states);
    if (first.code !== status.OK) expect(first.errorInfo?.metadata.get('state')).toBe('CONFIRMED');
    const again = await cancelOrder(service.client, orderId, { key });
    expect([again.code, again.message, again.response]).toEqual([first.code, first.message, first.response]);
    expect(metadataValue(again, 'idempotency-status')).toBe('replayed');
  },
);

test('(A6) a cancel waits for whoever holds the order, and loses to what that one commits', async () => {
  const orderId = await place();
  await moveOrder(stores.audit.run, orderId, 'PROCESSING');
  const holder = await connectTo(stores.databaseUrl);
  try {
    await holder.query('begin');
    await moveOrder((text, values) => holder.query(text, [...values]), orderId, 'CONFIRMED');
    const cancel = cancelOrder(service.client, orderId, { key: 'held' });
    await until('the cancel waits for the row', async () => {
      const waiting = await stores.audit.run(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%'`,
      );
      return waiting.length === 1;
    });
    await holder.query('commit');
    expect((await cancel).errorInfo).toMatchObject({ reason: 'ORDER_NOT_CANCELLABLE' });
    expect(await statesOf(orderId)).toEqual(['PENDING', 'PROCESSING', 'CONFIRMED']);
  } finally {
    await holder.end();
  }
});

test('P8 a cancel that waits too long for the order is told to come back, and its key is still good', async () => {
  const orderId = await place();
  const holder = await connectTo(stores.databaseUrl);
  try {
    await holder.query('begin');
    await holder.query('select from orders where order_id = $1 for update', [orderId]);
    const refused = await cancelOrder(service.client, orderId, { key: 'too-long' });
    expect(refused).toMatchObject({
      code: status.UNAVAILABLE,
      hadHeaders: false,
      errorInfo: { reason: 'IDEMPOTENCY_KEY_IN_PROGRESS' },
    });
    expect(refused.retryInfo?.retryDelay).toEqual({ seconds: 0n, nanos: 500_000_000 });
  } finally {
    await holder.end();
  }
  const again = await cancelOrder(service.client, orderId, { key: 'too-long' });
  cancelledOrder(again);
  expect(metadataValue(again, 'idempotency-status')).toBe('executed');
});

test('P10 cancels of a process wait for their turn at an order; those that wait too long are told so, and their keys are still good', async () => {
  await using impatient = await startTestService({ ...stores, settings: { DATABASE_LOCK_TIMEOUT_MS: '300' } });
  const orderId = await place();
  const keys = Array.from({ length: 10 }, (_, index) => `turn-${index}`);
  const holder = await connectTo(stores.databaseUrl);
  try {
    await holder.query('begin');
    await holder.query('select from orders where order_id = $1 for update', [orderId]);
    const refused = await Promise.all(keys.map((key) => cancelOrder(impatient.client, orderId, { key })));
    const busy = refused.filter(({ errorInfo }) => errorInfo?.reason === 'DATABASE_BUSY');
    // Whoever had its turn has waited for the row itself.
    const reasons = new Set(refused.map(({ errorInfo }) => errorInfo?.reason));
    expect(reasons).toEqual(new Set(['IDEMPOTENCY_KEY_IN_PROGRESS', 'DATABASE_BUSY']));
    for (const { code, errorInfo, retryInfo } of busy) {
      expect([code, errorInfo?.metadata.get('turnLimitMs')]).toEqual([status.UNAVAILABLE, '300']);
      expect(retryInfo?.retryDelay).toBeDefined();
    }
  } finally {
    await holder.end();
  }
  const decided = await Promise.all(keys.map((key) => cancelUntilDecided(impatient.client, orderId, key)));
  expect(decided.filter(({ code }) => code === status.OK)).toHaveLength(1);
  expect(decided.filter(({ errorInfo }) => errorInfo?.reason === 'ORDER_NOT_CANCELLABLE')).toHaveLength(9);
});

const statement: Passage = { from: 'client', bytes: 'for no key update' };
/** ReadyForQuery, outside a transaction: the statement has been committed. */
const answer: Passage = { from: 'server', bytes: 'Z\x00\x00\x00\x05I' };

test.each([
  ['before its statement arrives', [statement], ['PENDING'], 'executed'],
  ['before the answer to it arrives', [statement, answer], ['PENDING', 'CANCELLED'], 'replayed'],
])('P1 a connection that is cut %s leaves a question that the same key answers', async (name, cut, left, retry) => {
  const [orderId, stranger] = [await place(), await place()];
  const key = name.replaceAll(' ', '-');
  const wasCut = proxy.cutAfter(...cut);
  const first = await cancelOrder(behindProxy.client, orderId, { key });
  await wasCut;
  expect(first).toMatchObject({ code: status.UNAVAILABLE, hadHeaders: false });
  expect(first.errorInfo).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  expect(await statesOf(orderId)).toEqual(left);
  const again = await cancelOrder(behindProxy.client, orderId, { key });
  expect(cancelledOrder(again).sequence).toBe(2);
  expect(metadataValue(again, 'idempotency-status')).toBe(retry);
  expect((await cancelOrder(behindProxy.client, stranger, { key })).errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await statesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
});

test.concurrent.each([
  ['before_commit', 'executed'],
  ['after_commit', 'replayed'],
] as const)(
  'P6 P7 a cancel whose process is killed at %s is settled by its key within one lease',
  async (point, retry) => {
    await using owner = await startServiceProcess({ ...stores, pauseAt: point });
    const orderId = createdOrder(await createOrder(other.client, orderRequest({ note: point }))).orderId;
    const first = cancelOrder(owner.client, orderId, { key: point });
    await owner.paused();
    await owner.kill();
    expect((await first).code).toBe(status.UNAVAILABLE);
    const again = await cancelOrder(other.client, orderId, { key: point });
    const order = cancelledOrder(again);
    expect(metadataValue(again, 'idempotency-status')).toBe(retry);
    expect(await statesOf(orderId)).toEqual(['PENDING', 'CANCELLED']);
    expect(readOrder(await getOrder(other.client, orderId))).toEqual(order);
  },
);
