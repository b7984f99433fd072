import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf, createOrder, euros, orderItem, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { status } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { recordHas } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;
let other: TestService;
let withoutRedis: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, pause: gate.pause });
  other = await startTestService(stores);
  withoutRedis = await startTestService({ databaseUrl: stores.databaseUrl });
}, 60_000);

afterAll(async () => {
  gate.open();
  await Promise.all([service.stop(), other.stop(), withoutRedis.stop()]);
  await stores.close();
}, 60_000);

/** Sends another order with the key of one that was placed, or is being placed. */
async function reuse(client: Client, key: string) {
  const items = [orderItem({ unitPrice: euros(1_000_000n) })];
  const result = await createOrder(client, orderRequest({ customerId: 'stranger', items }), { key });
  return { result, isRefused: result.code === status.INVALID_ARGUMENT, answer: result.response };
}

async function expectRefused(client: Client, key: string) {
  const { result, isRefused, answer } = await reuse(client, key);
  expect({ isRefused, answer, reason: result.errorInfo?.reason }).toEqual({
    isRefused: true,
    answer: undefined,
    reason: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(result.errorInfo).toMatchObject({ domain: 'idempotency.v1' });
  expect(result.errorInfo?.metadata.get('key')).toBe(key);
  expect(result.retryInfo).toBeUndefined();
  expect((await stores.audit.effectsOf('stranger')).orders).toBe(0);
}

async function place(key: string) {
  const result = await createOrder(service.client, orderRequest({ customerId: key }), { key });
  await recordHas(stores.redisClient, key, 'state', 'COMPLETED');
  return answerOf(result);
}

test.each([
  ['in the process that placed it', 'settled', () => service],
  ['in another process', 'settled-elsewhere', () => other],
  ['without Redis', 'settled-no-redis', () => withoutRedis],
])('P3 a key of a placed order is refused to another order: %s', async (_name, key, serviceOf) => {
  const answer = await place(key);
  await expectRefused(serviceOf().client, key);
  const retry = await createOrder(serviceOf().client, orderRequest({ customerId: key }), { key });
  expect(answerOf(retry)).toEqual(answer);
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
});

test('P3 a key is refused to another order also when Redis has forgotten it', async () => {
  await place('forgotten');
  await stores.redisClient.flushall();
  await expectRefused(service.client, 'forgotten');
});

test.each([
  ['in the process that places it', 'running', () => service],
  ['in another process', 'running-elsewhere', () => other],
])('P3 a key of an order that is being placed is refused to another one at once: %s', async (_name, key, serviceOf) => {
  gate.close();
  const running = createOrder(service.client, orderRequest({ customerId: key }), { key });
  await gate.arrived(1);
  await expectRefused(serviceOf().client, key);
  gate.open();
  answerOf(await running);
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
});

test('P3 two orders that race for one key without Redis: one is placed, the other one is refused', async () => {
  const one = createOrder(other.client, orderRequest({ customerId: 'race' }), { key: 'race' });
  const two = createOrder(withoutRedis.client, orderRequest({ customerId: 'race', note: 'another' }), { key: 'race' });
  const results = await Promise.all([one, two]);
  expect(results.filter(({ code }) => code === status.OK)).toHaveLength(1);
  const [refused] = results.filter(({ code }) => code !== status.OK);
  expect(refused?.errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await stores.audit.effectsOf('race')).orders).toBe(1);
});

test.each([
  ['the quantity', { items: [orderItem({ quantity: 3 })] }],
  ['one nano of a price', { items: [orderItem({ unitPrice: euros(4n, 500_000_001) })] }],
  ['the order of the items', { items: [orderItem({ sku: 'cup', quantity: 1 }), orderItem()] }],
  ['the note', { note: 'x' }],
  ['a label', { labels: new Map([['__proto__', '']]) }],
])('P3 requests are different if they differ in %s', async (_name, changes) => {
  const key = 'difference';
  await createOrder(service.client, orderRequest({ customerId: key }), { key });
  const result = await createOrder(service.client, orderRequest({ customerId: key, ...changes }), { key });
  expect(result.errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
});
