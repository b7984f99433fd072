import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  countsOf,
  expectPlacedOnce,
  inWords,
  NO_ORDER,
  ONE_ORDER,
  orderOf,
  place,
} from '../../integration/faults/named-orders.ts';
import { startWatchedService, type WatchedService } from '../../integration/faults/watched-service.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createOrder } from '../../support/order-requests.ts';
import { entrySent } from '../../support/passages.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const COMMAND_TIMEOUT_MS = 400;
const SILENCE_LIMIT_MS = 1_500;
/** The lease of an order is 5 s: whoever stood behind its own claim would wait as long. */
const STALL_MS = 3_500;

let stores: OpenStores;
let proxy: TcpProxy;
let service: WatchedService;

beforeAll(async () => {
  stores = await openStores();
  const url = new URL(stores.databaseUrl);
  proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  service = await startWatchedService({
    databaseUrl: url.href,
    redisUrl: stores.redisUrl,
    settings: {
      REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_TIMEOUT_MS),
      REDIS_SLOW_MS: '300',
      // The circuit stays closed: each call finds out for itself.
      REDIS_CIRCUIT_FAILURES: '1000',
      DATABASE_LOCK_TIMEOUT_MS: '300',
      DATABASE_STATEMENT_TIMEOUT_MS: '1000',
      DATABASE_SILENCE_LIMIT_MS: String(SILENCE_LIMIT_MS),
    },
  });
  await expectPlacedOnce(service, 'L13-scripts-are-known');
});

afterAll(async () => {
  await stores.redis.thaw();
  await service.stop();
  await proxy.stop();
  await stores.close();
});

beforeEach(() => stores.redis.thaw());

/** Stalls Redis while a call asks for its claim; the claim is made when the call no longer waits for it. */
async function stalled<T>(call: () => Promise<T>): Promise<T> {
  await stores.redis.freeze();
  const result = await call();
  await stores.redis.thaw();
  return result;
}

async function quickly<T>(call: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await call();
  expect(performance.now() - startedMs).toBeLessThan(STALL_MS);
  return result;
}

const invalid = (client: Client, key: string) => createOrder(client, { ...orderOf(key), items: [] }, { key });

// idempot-dev/idempot-js#204: a write that had timed out had been made all the same, and its retry took it for somebody else's.
test('L13 Redis stalls past the time limit and makes the claim then: the call is answered, and its retries stand behind nothing', async () => {
  const names = Array.from({ length: 4 }, (_, index) => `L13-stalled-${index}`);
  const first = await quickly(() => stalled(() => Promise.all(names.map((name) => place(service.client, name)))));
  expect(first.map(inWords)).toEqual(names.map(() => 'OK executed'));
  const again = await quickly(() => Promise.all(names.map((name) => place(service.client, name))));
  expect(again.map(inWords)).toEqual(names.map(() => 'OK replayed'));
  expect(again.map(({ response }) => response)).toEqual(first.map(({ response }) => response));
  for (const name of names) expect(await countsOf(stores.databaseUrl, name)).toEqual(ONE_ORDER);
});

test('L13 the stalled call was invalid: its claim is given back, and the corrected one is placed at once', async () => {
  const refused = await stalled(() => invalid(service.client, 'L13-invalid'));
  expect(refused.errorInfo?.reason).toBe('INVALID_REQUEST');
  expect(inWords(await quickly(() => place(service.client, 'L13-invalid')))).toBe('OK executed');
});

test('L13 the caller of the stalled call went away: its claim is settled, and the retry gets the order', async () => {
  const gone = await stalled(() => place(service.client, 'L13-gone', { deadlineMs: COMMAND_TIMEOUT_MS / 2 }));
  expect(gone.response).toBeUndefined();
  const retry = await quickly(() => place(service.client, 'L13-gone'));
  expect(['OK executed', 'OK replayed']).toContain(inWords(retry));
  expect(await countsOf(stores.databaseUrl, 'L13-gone')).toEqual(ONE_ORDER);
});

// The same for the other store: the ledger's row was written, and the answer was lost or came too late.
test('L13 the answer to the insert is lost: outcome unknown, and the retry finds its own order, not a rival', async () => {
  proxy.swallowReplyTo(entrySent.bytes);
  const first = await place(service.client, 'L13-unheard');
  proxy.heal();
  expect(inWords(first)).toBe('UNAVAILABLE OUTCOME_UNKNOWN, may retry');
  expect(inWords(await quickly(() => place(service.client, 'L13-unheard')))).toBe('OK replayed');
  expect(await countsOf(stores.databaseUrl, 'L13-unheard')).toEqual(ONE_ORDER);
});

test('L13 the insert stalls behind a lock and is given up: nothing was written, and the retry places the order at once', async () => {
  await stores.audit.run('begin');
  await stores.audit.run('lock table idempotency_keys in share mode');
  const first = await place(service.client, 'L13-locked');
  await stores.audit.run('rollback');
  expect(inWords(first)).toMatch(/^UNAVAILABLE .*, may retry$/);
  expect(await countsOf(stores.databaseUrl, 'L13-locked')).toEqual(NO_ORDER);
  expect(inWords(await quickly(() => place(service.client, 'L13-locked')))).toBe('OK executed');
});
