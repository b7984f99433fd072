import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { poll } from '../../../src/embedded/poll.ts';
import { createOrder, getOrder, listOrders, listRequest, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
let database: TestDatabase;
let service: TestService;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startTestService({ databaseUrl: database.url });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await database.drop();
}, 60_000);

function withId(id: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-request-id', id);
  return metadata;
}

const secret = 'key-of-a-customer';

const calls: readonly (readonly [string, (metadata: Metadata) => Promise<CallResult>, status])[] = [
  [
    'an order that is placed',
    (metadata) => createOrder(service.client, orderRequest(), { metadata, key: secret }),
    status.OK,
  ],
  [
    'an order that was placed',
    (metadata) => createOrder(service.client, orderRequest(), { metadata, key: secret }),
    status.OK,
  ],
  [
    'an order that is refused',
    (metadata) => createOrder(service.client, orderRequest({ items: [] }), { metadata }),
    status.INVALID_ARGUMENT,
  ],
  ['a read that is refused', (metadata) => getOrder(service.client, 'x', { metadata }), status.INVALID_ARGUMENT],
];

test.each(calls)("the caller's request id comes back with %s, and stands in the log", async (what, call, code) => {
  const id = `id-of-${what.replaceAll(' ', '-')}`;
  const result = await call(withId(id));
  expect(result.code).toBe(code);
  expect(metadataValue(result, 'x-request-id')).toBe(id);
  const isEnd = (line: Record<string, unknown>) => line['requestId'] === id && line['msg'] === 'call ended';
  const line = await poll(async () => service.log.find(isEnd), { timeoutMs: 10_000 });
  expect(line).toMatchObject({
    status: status[code],
    method: expect.stringMatching(/^\/orders\.v1\./),
  });
});

test('each call without a request id gets one of its own', async () => {
  const results = await Promise.all([1, 2].map(() => listOrders(service.client, listRequest())));
  const ids = results.map((result) => metadataValue(result, 'x-request-id'));
  expect(ids).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)]);
  expect(ids[0]).not.toBe(ids[1]);
});

test('a request id that is none is replaced, and the call goes on', async () => {
  const result = await createOrder(service.client, orderRequest(), { metadata: withId('x'.repeat(129)) });
  expect(result.code).toBe(status.OK);
  expect(metadataValue(result, 'x-request-id')).toMatch(uuid);
});

test('a replay has the request id of its own call, not of the first one', async () => {
  const place = (id: string) => createOrder(service.client, orderRequest(), { metadata: withId(id), key: 'replayed' });
  await place('first');
  const second = await place('second');
  expect(metadataValue(second, 'idempotency-status')).toBe('replayed');
  expect(second.metadata.get('x-request-id')).toEqual(['second']);
});

test('no idempotency key and nothing of a request stands in the log', async () => {
  await createOrder(service.client, orderRequest({ customerId: 'customer-7', note: 'note-7' }), { key: secret });
  const text = JSON.stringify(service.log);
  for (const word of [secret, 'customer-7', 'note-7']) expect(text).not.toContain(word);
});
