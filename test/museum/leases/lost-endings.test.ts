import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  countsOf,
  expectPlacedOnce,
  inWords,
  ONE_ORDER,
  orderOf,
  place,
} from '../../integration/faults/named-orders.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createOrder } from '../../support/order-requests.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

// L13, the other end of the claim: idempot-dev/idempot-js#204. The word that ends it is lost with its connection, and the circuit
// stays closed, for nothing else fails.

/** The lease of an order is 5 s: whoever stood behind the claim would wait as long. */
const STALL_MS = 3_500;
/** A connection is made anew after 50 ms. */
const RECONNECTED_MS = 500;

let stores: OpenStores;
let proxy: TcpProxy;
let service: WatchedService;
let neighbour: WatchedService;

beforeAll(async () => {
  stores = await openStores();
  const url = new URL(stores.redisUrl);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  service = await startWatchedService({ ...stores, redisUrl: url.href });
  neighbour = await startWatchedService(stores);
  await expectPlacedOnce(service, 'L13-scripts-are-known');
});

afterAll(async () => {
  await Promise.all([service.stop(), neighbour.stop()]);
  await proxy.stop();
  await stores.close();
});

/** Makes a call whose last script, the only one that names the channel, is lost with its connection. */
async function withoutItsEnd<T>(call: () => Promise<T>): Promise<T> {
  const wasCut = proxy.cutAfter({ from: 'client', bytes: ':wake' });
  const result = await call();
  await wasCut;
  await sleep(RECONNECTED_MS);
  return result;
}

test('L13 the release of an invalid call is lost: its key is not spent, and the corrected call is placed', async () => {
  const key = 'L13-unreleased';
  const refused = await withoutItsEnd(() => createOrder(service.client, { ...orderOf(key), items: [] }, { key }));
  expect(refused.errorInfo?.reason).toBe('INVALID_REQUEST');
  expect(inWords(await place(neighbour.client, key))).toBe('OK executed');
  expect(await countsOf(stores.databaseUrl, key)).toEqual(ONE_ORDER);
});

test('P8 whoever is told that a call was invalid may send the right one to another server at once, however slow Redis is', async () => {
  const key = 'P8-at-once';
  proxy.setDelay(40);
  const refused = await createOrder(service.client, { ...orderOf(key), items: [] }, { key });
  const placed = await place(neighbour.client, key);
  proxy.setDelay(0);
  expect([refused, placed].map(inWords)).toEqual(['INVALID_ARGUMENT INVALID_REQUEST', 'OK executed']);
});

test('L13 the completion of an order is lost: its repeats stand behind nothing', async () => {
  const key = 'L13-uncompleted';
  const first = await withoutItsEnd(() => place(service.client, key));
  expect(inWords(first)).toBe('OK executed');
  const startedMs = performance.now();
  const again = await Promise.all([neighbour, service].map(({ client }) => place(client, key)));
  expect(performance.now() - startedMs).toBeLessThan(STALL_MS);
  expect(again.map(inWords)).toEqual(['OK replayed', 'OK replayed']);
  expect(new Set([first, ...again].map(({ response }) => response?.toString('hex'))).size).toBe(1);
  expect(await service.gauge('idempotency_degraded')).toBe(0);
});
