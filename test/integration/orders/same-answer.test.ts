import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf, createOrder, orderItem, orderRequest } from '../../support/order-requests.ts';
import { startTestService } from '../../support/order-service.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { namesOf, recordHas } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

let stores: OpenStores;
let service: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  service = await startServiceProcess(stores);
}, 60_000);

afterAll(async () => {
  await service.kill();
  await stores.close();
}, 60_000);

/** An order in which much can go wrong on the way through the database and back. */
function requestOf(customerId: string) {
  const labels = new Map([
    ['b', '2'],
    ['__proto__', 'x'],
    ['10', 'ten'],
    ['9', 'nine'],
  ]);
  const items = Array.from({ length: 20 }, (_, index) => orderItem({ sku: `sku-${index}`, quantity: index + 1 }));
  return orderRequest({ customerId, items, labels, note: 'für 👩‍👩‍👧\n' });
}

async function place(name: string) {
  const result = await createOrder(service.client, requestOf(name), { key: name });
  return { bytes: answerOf(result), status: metadataValue(result, 'idempotency-status') };
}

async function restartService() {
  await service.kill();
  service = await startServiceProcess(stores);
}

async function forgetInRedis() {
  await stores.redisClient.flushall();
}

test('P2 a retry gets the same bytes, whatever has happened to Redis and to the service since', async () => {
  const first = await place('order');
  expect(first.status).toBe('executed');
  const happenings = [async () => {}, forgetInRedis, restartService, forgetInRedis, async () => {}];
  for (const happen of happenings) {
    await recordHas(stores.redisClient, 'order', 'state', 'COMPLETED');
    await happen();
    expect(await place('order')).toEqual({ bytes: first.bytes, status: 'replayed' });
  }
  expect(await stores.audit.ledgerAnswerOf('order')).toEqual(first.bytes);
  expect(await stores.audit.effectsOf('order')).toEqual({ ...oneEffect, items: 20 });
});

test('P2 an answer that is too large for Redis is the same from the ledger', async () => {
  const small = await startTestService({ ...stores, settings: { IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES: '100' } });
  try {
    const first = await createOrder(small.client, requestOf('large'), { key: 'large' });
    await recordHas(stores.redisClient, 'large', 'kept', 'ledger');
    const [name = ''] = await namesOf(stores.redisClient, 'large');
    expect(await stores.redisClient.hget(name, 'response')).toBe('');
    expect(await place('large')).toEqual({ bytes: answerOf(first), status: 'replayed' });
  } finally {
    await small.stop();
  }
});

test('P2 an answer tells the order as it was placed, also when the order has changed since', async () => {
  const first = await place('changed');
  await stores.audit.run(`update orders set state = 'CONFIRMED' where customer_id = 'changed'`);
  await forgetInRedis();
  expect(await place('changed')).toEqual({ bytes: first.bytes, status: 'replayed' });
});
