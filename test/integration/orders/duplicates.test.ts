import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { type OpenStores, openStores } from './stores.ts';

let stores: OpenStores;
let services: readonly [ServiceProcess, ServiceProcess];

beforeAll(async () => {
  stores = await openStores();
  services = await Promise.all([startServiceProcess(stores), startServiceProcess(stores)]);
}, 60_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.kill()));
  await stores.close();
}, 60_000);

/** Places the same order 200 times at once, half of them at each process. */
function placeAtOnce(name: string, key: string | undefined) {
  const clients: readonly Client[] = services.map(({ client }) => client);
  const calls = Array.from({ length: 100 }, () =>
    clients.map((client) => createOrder(client, orderRequest({ customerId: name }), { key })),
  );
  return Promise.all(calls.flat());
}

test.each([
  ['cold, when no process has served a call yet', 'cold', 'cold'],
  ['warm', 'warm', 'warm'],
  ['warm, without a key of the caller', 'derived', undefined],
])('P1 200 duplicates at once over two processes make one order: %s', async (_name, name, key) => {
  const results = await placeAtOnce(name, key);
  const answers = new Set(results.map((result) => answerOf(result).toString('hex')));
  expect(answers.size).toBe(1);
  const executed = results.filter((result) => metadataValue(result, 'idempotency-status') === 'executed');
  expect(executed).toHaveLength(1);
  const [result] = executed;
  const countedKey = result && metadataValue(result, 'idempotency-key');
  expect(await stores.audit.effectsOf(name)).toMatchObject({ orders: 1, items: 2 });
  expect(await stores.audit.effectsOf(countedKey ?? '')).toMatchObject({ entries: 1 });
});

test('P1 200 duplicates at once of an order that was placed before make no other one', async () => {
  await createOrder(services[0].client, orderRequest({ customerId: 'placed' }), { key: 'placed' });
  const results = await placeAtOnce('placed', 'placed');
  expect(results.map((result) => metadataValue(result, 'idempotency-status'))).toEqual(Array(200).fill('replayed'));
  expect(await stores.audit.effectsOf('placed')).toEqual(oneEffect);
});

test('P1 200 different orders at once are 200 orders', async () => {
  const before = await stores.audit.totals();
  const place = (index: number) => {
    const { client } = services[index % 2 === 0 ? 0 : 1];
    return createOrder(client, orderRequest({ customerId: 'many' }), { key: `many-${index}` });
  };
  const results = await Promise.all(Array.from({ length: 200 }, (_, index) => place(index)));
  expect(new Set(results.map((result) => answerOf(result).toString('hex'))).size).toBe(200);
  expect(await stores.audit.totals()).toEqual({
    orders: before.orders + 200,
    items: before.items + 400,
    entries: before.entries + 200,
  });
});
