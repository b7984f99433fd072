import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { CreateOrderRequest, OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import {
  answerOf,
  createOrder,
  euros,
  listOrders,
  listRequest,
  orderItem,
  orderRequest,
} from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type CallResult, createClient, status, unaryCall } from '../../support/unary-call.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { framed, openRawConnection, rawEnd } from './raw-connection.ts';
import { atOnce } from './refusal.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, pause: gate.pause });
}, 60_000);

afterEach(() => gate.open());

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

type Send = (size: number) => Promise<CallResult>;

const place =
  (requestOf: (size: number) => Parameters<typeof orderRequest>[0]): Send =>
  (size) =>
    createOrder(service.client, orderRequest(requestOf(size)), { key: crypto.randomUUID() });

const labels = (count: number) => new Map(Array.from({ length: count }, (_, index) => [`label-${index}`, '']));

/** The contract's limits: the largest that is allowed, and what is said of one more and of far more. */
const rows: readonly (readonly [string, number, number, string, Send])[] = [
  [
    'characters of a key',
    255,
    8_000,
    'IDEMPOTENCY_KEY_INVALID',
    (size) => createOrder(service.client, orderRequest(), { key: 'k'.repeat(size) }),
  ],
  ['characters of a customer id', 64, 50_000, 'INVALID_REQUEST', place((size) => ({ customerId: 'c'.repeat(size) }))],
  ['items', 100, 5_000, 'INVALID_REQUEST', place((size) => ({ items: Array(size).fill(orderItem()) }))],
  [
    'characters of a sku',
    64,
    50_000,
    'INVALID_REQUEST',
    place((size) => ({ items: [orderItem({ sku: 's'.repeat(size) })] })),
  ],
  [
    'pieces of an item',
    1_000_000,
    2 ** 31 - 1,
    'INVALID_REQUEST',
    place((size) => ({ items: [orderItem({ quantity: size })] })),
  ],
  [
    'units in total',
    10 ** 15 - 1,
    2 ** 53,
    'INVALID_REQUEST',
    place((size) => ({ items: [orderItem({ quantity: 1, unitPrice: euros(BigInt(size)) })] })),
  ],
  ['characters of a note', 1_000, 200_000, 'INVALID_REQUEST', place((size) => ({ note: 'n'.repeat(size) }))],
  ['labels', 32, 5_000, 'INVALID_REQUEST', place((size) => ({ labels: labels(size) }))],
  [
    'characters of a label’s key',
    63,
    50_000,
    'INVALID_REQUEST',
    place((size) => ({ labels: new Map([['l'.repeat(size), '']]) })),
  ],
  [
    'characters of a label’s value',
    255,
    50_000,
    'INVALID_REQUEST',
    place((size) => ({ labels: new Map([['l', 'v'.repeat(size)]]) })),
  ],
  [
    'orders of a page',
    100,
    2 ** 31 - 1,
    'INVALID_REQUEST',
    (size) => listOrders(service.client, listRequest({ pageSize: size })),
  ],
];

test.each(rows)(
  'P10 %s: %d are allowed; one more, or %d, is refused at once with %s, and a neighbour goes on',
  async (_name, most, farMore, reason, send) => {
    expect(await send(most)).toMatchObject({ code: status.OK });
    // On the same connection, in the middle of its work.
    const neighbour = await gate.hold(() => createOrder(service.client, orderRequest(), { key: crypto.randomUUID() }));
    for (const size of [most + 1, farMore]) {
      const result = await atOnce(() => send(size));
      expect(result).toMatchObject({ code: status.INVALID_ARGUMENT, errorInfo: { reason } });
      expect(result.retryInfo).toBeUndefined();
      expect(result.metadata.get('grpc-status-details-bin')[0]?.length).toBeLessThanOrEqual(4_096);
    }
    gate.open();
    answerOf(await neighbour.result);
  },
);

test('P10 a page token of 512 characters is looked at, a longer one is not', async () => {
  const list = (size: number) => listOrders(service.client, listRequest({ pageToken: 't'.repeat(size) }));
  expect((await list(512)).errorInfo?.reason).toBe('INVALID_PAGE_TOKEN');
  for (const size of [513, 200_000]) {
    expect(await list(size)).toMatchObject({ code: status.INVALID_ARGUMENT, errorInfo: { reason: 'INVALID_REQUEST' } });
  }
});

/** A valid order of exactly so many bytes, by a field that the service does not know. */
function orderOf(bytes: number): Buffer {
  const order = CreateOrderRequest.encode(orderRequest()).finish();
  const head = Buffer.from([0xc2, 0x3e, 0, 0, 0, 0]);
  const padding = bytes - order.length - head.length;
  // Field 1000, and a length in four bytes of seven bits.
  for (let index = 0; index < 4; index += 1) {
    head[2 + index] = ((padding >> (7 * index)) & 0x7f) | (index < 3 ? 0x80 : 0);
  }
  return Buffer.concat([order, head, Buffer.alloc(padding, 'x')]);
}

test('P10 a request of 262,144 bytes is taken; one more, or 5 MiB, is refused before it is read, and a neighbour goes on', async () => {
  const send = (bytes: number) =>
    unaryCall(
      service.client,
      OrderServiceService.createOrder,
      { rawBytes: orderOf(bytes) },
      { key: crypto.randomUUID() },
    );
  answerOf(await send(262_144));
  const neighbour = await gate.hold(() => createOrder(service.client, orderRequest(), { key: crypto.randomUUID() }));
  for (const bytes of [262_145, 5 * 1_048_576]) {
    const result = await atOnce(() => send(bytes));
    expect(result).toMatchObject({ code: status.RESOURCE_EXHAUSTED, response: undefined, errorInfo: undefined });
    expect(result.message).toContain('262144');
  }
  gate.open();
  answerOf(await neighbour.result);
});

test('P10 a compressed request is measured by what it unpacks to, and no more of it is unpacked than may be', async () => {
  using connection = await openRawConnection(service.port);
  const packed = (bytes: number) => {
    const frame = framed(gzipSync(orderOf(bytes)));
    frame[0] = 1;
    return frame;
  };
  const send = (frame: Buffer) => {
    const stream = connection.open(OrderServiceService.createOrder.path, {
      'grpc-encoding': 'gzip',
      'idempotency-key': crypto.randomUUID(),
    });
    stream.end(frame);
    return rawEnd(stream);
  };
  expect((await send(packed(262_144))).code).toBe(status.OK);
  for (const bytes of [262_145, 100 * 1_048_576]) {
    const frame = packed(bytes);
    const result = await atOnce(() => send(frame));
    expect(result).toMatchObject({ code: status.RESOURCE_EXHAUSTED, bytes: 0, errorInfo: undefined });
  }
});

test('P10 calls over the streams of a connection wait at their client and are all answered; other connections go on', async () => {
  await using narrow = await startTestService({
    ...stores,
    settings: { GRPC_MAX_STREAMS_PER_CONNECTION: '5' },
    pause: gate.pause,
  });
  answerOf(await createOrder(narrow.client, orderRequest(), { key: 'learns-the-limit' }));
  gate.close();
  const calls = Array.from({ length: 50 }, (_, index) =>
    createOrder(narrow.client, orderRequest(), { key: `stream-${index}` }),
  );
  await gate.arrived(5);
  const other = createClient(narrow.port, { 'grpc.use_local_subchannel_pool': 1 });
  expect((await listOrders(other, listRequest())).code).toBe(status.OK);
  other.close();
  expect(gate.standing()).toBe(5);
  gate.open();
  for (const result of await Promise.all(calls)) answerOf(result);
});

test('P10 a connection that nobody uses is closed, one with a call is not', async () => {
  const settings = { GRPC_MAX_CONNECTION_IDLE_MS: '500' };
  await using idle = await startTestService({ ...stores, settings, pause: gate.pause });
  using connection = await openRawConnection(idle.port);
  const { path, requestSerialize } = OrderServiceService.createOrder;
  const { result } = await gate.hold(() => connection.call(path, requestSerialize(orderRequest())));
  await sleep(1_000);
  gate.open();
  expect((await result).code).toBe(status.OK);
  await once(connection.session, 'close');
});
