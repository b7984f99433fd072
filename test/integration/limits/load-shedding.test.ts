import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  answerOf,
  createdOrder,
  createOrder,
  getOrder,
  listOrders,
  listRequest,
  orderRequest,
} from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type CallResult, createClient, metadataValue, status } from '../../support/unary-call.ts';
import { until } from '../faults/until.ts';
import { noEffect, oneEffect } from '../orders/audit.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { checkHealth, watchHealth } from '../server/health-client.ts';
import { atOnce, expectRefusal } from './refusal.ts';

const IN_FLIGHT_MAX = 4;
const settings = { GRPC_MAX_CALLS_IN_FLIGHT: String(IN_FLIGHT_MAX) };
const facts = { runsMax: String(IN_FLIGHT_MAX) };

let stores: OpenStores;
/** All of them share the stores. The gate holds the work of the first two. */
let service: TestService;
let withoutRedis: TestService;
let neighbour: TestService;
const gate = createGate('before_commit');

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, settings, pause: gate.pause });
  withoutRedis = await startTestService({ databaseUrl: stores.databaseUrl, settings, pause: gate.pause });
  neighbour = await startTestService(stores);
}, 60_000);

afterEach(() => gate.open());

afterAll(async () => {
  await Promise.all([service.stop(), withoutRedis.stop(), neighbour.stop()]);
  await stores.close();
}, 60_000);

function place(key: string, at = service): Promise<CallResult> {
  return createOrder(at.client, orderRequest({ customerId: key }), { key });
}

/** Has a service do all the work that it takes on. */
async function fill(name: string, at = service): Promise<readonly Promise<CallResult>[]> {
  gate.close();
  const running = Array.from({ length: IN_FLIGHT_MAX }, (_, index) => place(`${name}-${index}`, at));
  await gate.arrived(IN_FLIGHT_MAX);
  return running;
}

test('P10 as many calls as allowed work; one more, and a hundred more, are refused at once and leave nothing behind', async () => {
  const running = await fill('full');
  expectRefusal(await atOnce(() => place('one-more')), 'TOO_MANY_RUNS', facts);
  const many = await Promise.all(Array.from({ length: 100 }, (_, index) => place(`more-${index}`)));
  for (const result of many) expectRefusal(result, 'TOO_MANY_RUNS', facts);
  // No claim is left that would keep anybody out: a server that has room places the order without waiting for a lease.
  const elsewhere = await atOnce((index) => place(`more-${90 + index}`, neighbour));
  expect(metadataValue(elsewhere, 'idempotency-status')).toBe('executed');
  expect(neighbour.log.filter(({ msg }) => String(msg).includes('taken over'))).toEqual([]);
  expect(await stores.audit.effectsOf('more-1')).toEqual(noEffect);

  gate.open();
  for (const result of await Promise.all(running)) answerOf(result);
  answerOf(await place('more-1'));
  expect(await stores.audit.effectsOf('more-1')).toEqual(oneEffect);
});

test('P10 duplicates of running calls wait for them, and repeated calls get their answers, while new work is refused', async () => {
  const answer = answerOf(await place('replayed'));
  const running = await fill('followed');
  const followers = Array.from({ length: 20 }, (_, index) => place(`followed-${index % IN_FLIGHT_MAX}`));
  const replays = await Promise.all(Array.from({ length: 20 }, () => place('replayed')));
  for (const replay of replays) {
    expect(metadataValue(replay, 'idempotency-status')).toBe('replayed');
    expect(answerOf(replay)).toEqual(answer);
  }
  expectRefusal(await place('unheard-of'), 'TOO_MANY_RUNS', facts);
  gate.open();
  const answers = (await Promise.all(running)).map(answerOf);
  for (const [index, follower] of (await Promise.all(followers)).entries()) {
    expect(answerOf(follower)).toEqual(answers[index % IN_FLIGHT_MAX]);
  }
});

test('P10 without Redis repeated calls are still answered, from the ledger, while new work is refused', async () => {
  const answer = answerOf(await place('from-the-ledger', withoutRedis));
  const running = await fill('without-redis', withoutRedis);
  const replay = await place('from-the-ledger', withoutRedis);
  expect(answerOf(replay)).toEqual(answer);
  expect(metadataValue(replay, 'idempotency-status')).toBe('replayed');
  expectRefusal(await place('new-without-redis', withoutRedis), 'TOO_MANY_RUNS', facts);
  gate.open();
  for (const result of await Promise.all(running)) answerOf(result);
});

test('P10 reads are work: over the limit they are refused, and a refused one is answered when it comes again', async () => {
  const { orderId } = createdOrder(await place('to-be-read'));
  const running = await fill('before-reads');
  expectRefusal(await getOrder(service.client, orderId), 'TOO_MANY_RUNS', facts);
  expectRefusal(await listOrders(service.client, listRequest()), 'TOO_MANY_RUNS', facts);
  // Whoever asks for our health is answered most of all when there is no room for anything else.
  expect((await checkHealth(service.client, '')).health).toBe('SERVING');
  gate.open();
  for (const result of await Promise.all(running)) answerOf(result);
  // More than there are places, one after the other: each gives its place back.
  for (let round = 0; round < 3 * IN_FLIGHT_MAX; round += 1) {
    expect((await getOrder(service.client, orderId)).code).toBe(status.OK);
  }
});

test('P10 reads whose callers leave give their places back', async () => {
  const { orderId } = createdOrder(await place('to-be-left'));
  for (let round = 0; round < 3 * IN_FLIGHT_MAX; round += 1) {
    const leave = new AbortController();
    const read = getOrder(service.client, orderId, { signal: leave.signal });
    setImmediate(() => leave.abort());
    await read;
  }
  expect((await getOrder(service.client, orderId)).code).toBe(status.OK);
});

test('P10 a thousand calls that ask for health are answered, and more are refused at once', async () => {
  // As many as a connection may have, on each of four.
  const clients = Array.from({ length: 4 }, () =>
    createClient(neighbour.port, { 'grpc.use_local_subchannel_pool': 1 }),
  );
  const watches = clients.flatMap((client) => Array.from({ length: 250 }, () => watchHealth(client, '')));
  await Promise.all(watches.map((watch) => watch.told(1)));
  const { result } = await atOnce(() => checkHealth(neighbour.client, ''));
  expectRefusal(result, 'TOO_MANY_CALLS', { healthCallsMax: '1000' });
  watches[0]?.cancel();
  await until('room for one', async () => (await checkHealth(neighbour.client, '')).health === 'SERVING');
  for (const client of clients) client.close();
});

test('P10 open calls over the outer limit are refused at once, duplicates too, and the others get their answer', async () => {
  await using small = await startTestService({
    ...stores,
    settings: { ...settings, GRPC_MAX_CALLS_OPEN: '10' },
    pause: gate.pause,
  });
  gate.close();
  const open = Array.from({ length: 10 }, () => place('crowd', small));
  await gate.arrived(1);
  const over = await atOnce(() => Promise.all(Array.from({ length: 30 }, () => place('crowd', small))));
  for (const result of over) expectRefusal(result, 'TOO_MANY_CALLS', { callsOpenMax: '10' });
  expect((await checkHealth(small.client, '')).health).toBe('SERVING');
  gate.open();
  const [first, ...others] = (await Promise.all(open)).map(answerOf);
  for (const other of others) expect(other).toEqual(first);
  answerOf(await place('crowd', small));
});
