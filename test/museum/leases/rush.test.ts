import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { differentAnswers } from '../../integration/idempotency/stage/waiters.ts';
import { oneEffect } from '../../integration/orders/audit.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';

const CALLS = 200;

let stores: OpenStores;
let processes: readonly ServiceProcess[];

beforeAll(async () => {
  stores = await openStores();
  processes = await Promise.all([1, 2, 3].map(() => startServiceProcess(stores)));
});

afterAll(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  await stores.close();
});

/** As many calls at once, one after the other to each process. */
function rush(call: (client: Client, index: number) => Promise<CallResult>): Promise<CallResult[]> {
  const clients = processes.map(({ client }) => client);
  return Promise.all(
    Array.from({ length: CALLS }, (_, index) => {
      const client = clients[index % clients.length];
      if (client === undefined) throw new Error('there is no process');
      return call(client, index);
    }),
  );
}

const statusesOf = (results: readonly CallResult[]) =>
  results.map((result) => metadataValue(result, 'idempotency-status'));

function expectOneAnswer(results: readonly CallResult[]): void {
  expect(differentAnswers(results)).toHaveLength(1);
  expect(results[0]?.code).toBe(status.OK);
  expect(statusesOf(results).sort()).toEqual(['executed', ...Array(results.length - 1).fill('replayed')]);
}

// mastodon/mastodon#37879: looked first and set then, and two got in between.
test.each([
  'cold, the first calls that the processes ever get',
  'warm',
  'with Redis that has just forgotten everything',
])('L1 200 equal calls at once over three processes: one effect, 200 equal answers (%s)', async (what) => {
  const key = `L1-${what.replaceAll(/[ ,]+/g, '-')}`;
  if (what.startsWith('with')) await Promise.all([stores.redisClient.flushall(), stores.redisClient.script('FLUSH')]);
  expectOneAnswer(await rush((client) => createOrder(client, orderRequest({ customerId: key }), { key })));
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
});

test('L1 200 equal calls without a key: one order', async () => {
  expectOneAnswer(await rush((client) => createOrder(client, orderRequest({ customerId: 'L1-derived' }))));
  expect(await stores.audit.effectsOf('L1-derived')).toMatchObject({ orders: 1 });
});

test('L1 two orders race for one key, 100 calls each: one is placed and answers its callers, the other is refused to all of its', async () => {
  const key = 'L1-two';
  const note = (index: number) => (index % 2 === 0 ? 'even' : 'odd');
  const results = await rush((client, index) =>
    createOrder(client, orderRequest({ customerId: key, note: note(index) }), { key }),
  );
  const [winner] = await stores.audit.run('select note from orders where customer_id = $1', [key]);
  const [won, lost] = [
    results.filter((_, index) => note(index) === winner?.['note']),
    results.filter((_, index) => note(index) !== winner?.['note']),
  ];
  expectOneAnswer(won);
  expect(new Set(lost.map(({ errorInfo }) => errorInfo?.reason))).toEqual(new Set(['IDEMPOTENCY_KEY_REUSED']));
  expect([won.length, lost.length]).toEqual([CALLS / 2, CALLS / 2]);
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
});

test('L1 200 equal calls while Redis cannot be reached: one effect, 200 equal answers', async () => {
  await stores.redis.kill();
  const key = 'L1-no-redis';
  expectOneAnswer(await rush((client) => createOrder(client, orderRequest({ customerId: key }), { key })));
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
});
