import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { answerOf, createOrder, getOrder, orderItem, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type RawRequest, rawRequest } from '../../support/raw-request.ts';
import { type CallResult, metadataValue, status, unaryCall } from '../../support/unary-call.ts';
import { type OpenStores, openStores } from './stores.ts';

const callsInFlightMax = 4;
/** The default of GRPC_MAX_REQUEST_BYTES. */
const requestBytesMax = 262_144;
const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;

beforeAll(async () => {
  stores = await openStores();
  const settings = { GRPC_MAX_CALLS_IN_FLIGHT: String(callsInFlightMax), IDEMPOTENCY_MAX_WAITERS_PER_KEY: '2' };
  service = await startTestService({ ...stores, settings, pause: gate.pause });
}, 60_000);

afterEach(() => gate.open());

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

function place(key: string, changes: Parameters<typeof orderRequest>[0] = {}): Promise<CallResult> {
  return createOrder(service.client, orderRequest({ customerId: key, ...changes }), { key });
}

/** Does something bad while a call runs on the same connection, which must not suffer by it. */
async function beside(key: string, doBadThing: () => Promise<CallResult>): Promise<CallResult> {
  gate.close();
  const neighbour = place(key);
  await gate.arrived(1);
  const result = await doBadThing();
  gate.open();
  answerOf(await neighbour);
  return result;
}

test('P10 new work over the limit in flight is refused at once, and is placed when it comes again', async () => {
  gate.close();
  const keys = Array.from({ length: callsInFlightMax }, (_, index) => `flight-${index}`);
  const running = keys.map((key) => place(key));
  await gate.arrived(callsInFlightMax);
  const refused = await place('too-many');
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, hadHeaders: false });
  expect(refused.errorInfo).toMatchObject({ domain: 'idempotency.v1', reason: 'TOO_MANY_RUNS' });
  expect(metadataValue(refused, 'grpc-retry-pushback-ms')).toBe('1000');
  expect(metadataValue(refused, 'x-request-id')).toBeDefined();
  gate.open();
  for (const result of await Promise.all(running)) answerOf(result);
  answerOf(await place('too-many'));
});

test('P10 duplicates over the limit of waiters are refused at once, and those that wait get their answer', async () => {
  gate.close();
  const running = place('waiters');
  await gate.arrived(1);
  const waiters = [place('waiters'), place('waiters')];
  const refused = await place('waiters');
  expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(refused.errorInfo).toMatchObject({ domain: 'idempotency.v1', reason: 'TOO_MANY_WAITERS' });
  gate.open();
  const answer = answerOf(await running);
  for (const waiter of await Promise.all(waiters)) expect(answerOf(waiter)).toEqual(answer);
});

test('P10 101 items are refused', async () => {
  const result = await place('items', { items: Array.from({ length: 101 }, () => orderItem()) });
  expect(result.code).toBe(status.INVALID_ARGUMENT);
  expect(result.badRequest?.fieldViolations).toMatchObject([{ field: 'items' }]);
});

// G1 of the museum: trailers that are too large end the HTTP/2 session, and with it every call on it.
test.each([
  ['a hundred bad items', orderRequest({ items: Array(100).fill(orderItem({ sku: '😀'.repeat(65), quantity: 0 })) })],
  ['a thousand bad items', orderRequest({ items: Array(1_000).fill(orderItem({ sku: '', quantity: 0 })) })],
  [
    'a thousand bad labels',
    orderRequest({ labels: new Map(Array.from({ length: 1_000 }, (_, index) => [`ü${index}`, '\0'])) }),
  ],
  ['a name that is very long', orderRequest({ customerId: '😀'.repeat(requestBytesMax / 8) })],
])('P10 %s are told in at most 4,096 bytes, and a call on the same connection goes on', async (name, request) => {
  const result = await beside(`beside ${name}`.replaceAll(' ', '-'), () =>
    createOrder(service.client, request, { key: 'k'.repeat(255) }),
  );
  expect(result.code).toBe(status.INVALID_ARGUMENT);
  const [details] = result.metadata.get('grpc-status-details-bin');
  expect(details?.length).toBeLessThanOrEqual(4_096);
  expect(result.errorInfo?.reason).toBe('INVALID_REQUEST');
  expect(result.badRequest?.fieldViolations.length).toBeGreaterThan(0);
  // What a Java client takes by default.
  const trailers =
    Object.entries(result.metadata.toHttp2Headers()).flat(2).join('').length + encodeURI(result.message).length;
  expect(trailers).toBeLessThan(8_192);
});

test('P10 a message over the limit is refused before it is read, and a call on the same connection goes on', async () => {
  const large = orderRequest({ note: 'a'.repeat(requestBytesMax) });
  const result = await beside('oversize', () => createOrder(service.client, large, { key: 'oversize-note' }));
  expect(result.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(await stores.audit.effectsOf('oversize-note')).toMatchObject({ entries: 0 });
});

const { createOrder: create, getOrder: get, listOrders: list } = OrderServiceService;

test.each([
  ['empty items', '12 00', (request: RawRequest) => unaryCall(service.client, create, request)],
  ['items without a currency', '12 02 1a 00', (request: RawRequest) => unaryCall(service.client, create, request)],
  ['unknown states', '10 09', (request: RawRequest) => unaryCall(service.client, list, request)],
  ['unknown fields', '78 01', (request: RawRequest) => unaryCall(service.client, get, request)],
])(
  'P10 a message as large as the limit that is full of %s is answered, and the service goes on',
  async (_name, hex, send) => {
    const { rawBytes: part } = rawRequest(hex);
    const result = await send({ rawBytes: Buffer.alloc(requestBytesMax, part) });
    expect(result.code).toBe(status.INVALID_ARGUMENT);
    expect((await getOrder(service.client, '00000000-0000-7000-8000-000000000000')).code).toBe(status.NOT_FOUND);
  },
);
