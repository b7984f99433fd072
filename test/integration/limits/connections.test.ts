import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { createClient, status } from '../../support/unary-call.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { residentMebibytes, watchMemory } from './process-memory.ts';
import { framed, openRawConnection, rawEnd } from './raw-connection.ts';
import { atOnce } from './refusal.ts';

const { path, requestSerialize } = OrderServiceService.createOrder;
const request = requestSerialize(orderRequest());
const CONNECTIONS_MAX = 20;
let stores: OpenStores;

beforeAll(async () => {
  stores = await openStores();
});

afterAll(() => stores.close());

/** Whether the service answers as if nothing were the matter. */
async function expectWell(client: Client): Promise<void> {
  const { code } = await atOnce(() => createOrder(client, orderRequest(), { key: crypto.randomUUID() }));
  expect(code).toBe(status.OK);
}

function openSocket(service: ServiceProcess, onClose: () => void = () => {}): Socket {
  // A reset is one way of closing it.
  const socket = connect(service.port, '127.0.0.1').on('error', () => {});
  return socket.on('close', onClose).resume();
}

test('P10 connections over the limit are closed at once, those within it stay, and one that ends makes room', async () => {
  await using service = await startServiceProcess({
    ...stores,
    settings: { GRPC_MAX_CONNECTIONS: String(CONNECTIONS_MAX) },
  });
  await expectWell(service.client);
  let closed = 0;
  const within = Array.from({ length: CONNECTIONS_MAX - 1 }, () => openSocket(service, () => (closed += 1)));
  // The server's greeting: it has taken the connection.
  await Promise.all(within.map((socket) => once(socket, 'data')));
  let refused = 0;
  const over = Array.from({ length: 200 }, () => openSocket(service, () => (refused += 1)));
  await until('all over the limit are closed', () => refused === over.length);
  expect(closed).toBe(0);
  await expectWell(service.client);
  const turnedAway = service.log.filter((line) => line.includes('GRPC_MAX_CONNECTIONS'));
  expect(turnedAway.length).toBeGreaterThanOrEqual(1);
  // A flood of connections is none of the log.
  expect(turnedAway.length).toBeLessThanOrEqual(3);

  const another = createClient(service.port, { 'grpc.use_local_subchannel_pool': 1 });
  expect((await createOrder(another, orderRequest(), { deadlineMs: 3_000 })).code).toBe(status.UNAVAILABLE);
  another.close();
  within[0]?.destroy();
  await until('there is room for one more', async () => {
    const next = createClient(service.port, { 'grpc.use_local_subchannel_pool': 1 });
    const { code } = await createOrder(next, orderRequest(), { deadlineMs: 3_000 });
    next.close();
    return code === status.OK;
  });
  for (const socket of within) socket.destroy();
});

test('P10 1,000 connections that are used for nothing cost little, and go away when nobody is at their other end', async () => {
  await using service = await startServiceProcess({
    ...stores,
    settings: { GRPC_KEEPALIVE_TIME_MS: '300', GRPC_KEEPALIVE_TIMEOUT_MS: '2000' },
  });
  // As quiet, but it answers when it is asked whether it is there.
  using quiet = await openRawConnection(service.port);
  const before = residentMebibytes(service.processId);
  let closed = 0;
  // Open, and never a word: not even an answer to a ping. Half of them begin to speak HTTP/2, and stop within a header.
  const sockets = Array.from({ length: 1_000 }, () => openSocket(service, () => (closed += 1)));
  for (const socket of sockets.slice(0, 500)) socket.write(halfOfACall);
  await expectWell(service.client);
  expect(residentMebibytes(service.processId) - before).toBeLessThan(100);
  await until('all of them are closed', () => closed === 1_000);
  expect((await quiet.call(path, request, { 'idempotency-key': crypto.randomUUID() })).code).toBe(status.OK);
  await expectWell(service.client);
});

/** The preface, empty SETTINGS, and the head of a HEADERS frame of 4,096 bytes that never come. */
const halfOfACall = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
  Buffer.from('001000010000000001', 'hex'),
]);

/** Headers with which a call has so many in all, with so many bytes in each of those that fill them up. */
function headersOf(count: number, bytes: number): Record<string, string> {
  // Four with a colon, the type of the content, and `te`.
  const headers: Record<string, string> = { 'idempotency-key': crypto.randomUUID() };
  for (let index = 7; index < count; index += 1) headers[`x-${index}`] = '~'.repeat(bytes);
  return headers;
}

describe('with what a client may send too much of', () => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess(stores);
  }, 60_000);
  afterAll(() => service.kill());

  test.each([
    ['as many headers as Node takes', 128, 10, 'answered'],
    ['one more than Node takes', 129, 10, 'refused'],
    ['far more headers than Node takes', 5_000, 0, 'refused'],
    ['as many bytes of headers as Node takes', 8, 65_000, 'answered'],
    ['more than 64 KiB of headers', 8, 66_000, 'cut off'],
    ['a megabyte of headers', 23, 65_000, 'cut off'],
  ])(
    'P10 a call with %s is answered, refused or cut off at once, and its neighbours go on',
    async (_name, count, bytes, end) => {
      using connection = await openRawConnection(service.port);
      const neighbour = connection.open(path, { 'idempotency-key': crypto.randomUUID() });
      const neighbourEnd = rawEnd(neighbour);
      neighbour.write(framed(request).subarray(0, 3));
      const { code, resetCode } = await atOnce(() => connection.call(path, request, headersOf(count, bytes)));
      if (end === 'answered') {
        expect({ code, resetCode }).toEqual({ code: status.OK, resetCode: 0 });
      } else {
        expect(code).toBeNaN();
        expect(resetCode).not.toBe(0);
      }
      neighbour.end(framed(request).subarray(3));
      // Beyond 64 KiB what comes later cannot be read any more: the headers of a connection are packed by what came before.
      expect((await neighbourEnd).code).toBe(end === 'cut off' ? Number.NaN : status.OK);
      await expectWell(service.client);
    },
  );

  test.each(['597H', '2147483S', '2147484S', '600H', '99999999H'])(
    'P10 a deadline %s ahead is no deadline that has passed',
    async (timeout) => {
      using connection = await openRawConnection(service.port);
      const headers = { 'grpc-timeout': timeout, 'idempotency-key': crypto.randomUUID() };
      expect((await connection.call(path, request, headers)).code).toBe(status.OK);
    },
  );

  test.each([
    ['0S', status.DEADLINE_EXCEEDED],
    ['100000000000', status.INTERNAL],
    ['soon', status.INTERNAL],
  ])('P10 the deadline %s ends the call at once', async (timeout, code) => {
    using connection = await openRawConnection(service.port);
    const end = await atOnce(() => connection.call(path, request, { 'grpc-timeout': timeout }));
    expect(end.code).toBe(code);
  });

  test('P10 a request in 200,000 frames of one byte costs no more memory than it has bytes', async () => {
    using connection = await openRawConnection(service.port);
    using memory = watchMemory(service.processId);
    const before = memory.peakMebibytes;
    const stream = connection.open(path);
    const end = rawEnd(stream);
    for (const byte of framed(Buffer.alloc(200_000))) {
      if (!stream.write(Buffer.of(byte))) await once(stream, 'drain');
    }
    stream.end();
    expect((await end).code).toBe(status.INVALID_ARGUMENT);
    expect(memory.peakMebibytes - before).toBeLessThan(64);
    await expectWell(service.client);
  });

  test('P10 a client may reset 200 calls at once', async () => {
    using connection = await openRawConnection(service.port);
    for (let opened = 0; opened < 200; opened += 1) connection.open(path).close(constants.NGHTTP2_CANCEL);
    const headers = { 'idempotency-key': crypto.randomUUID() };
    expect((await connection.call(path, request, headers)).code).toBe(status.OK);
  });

  test('P10 a client that opens calls only to reset them is disconnected, and its neighbours go on', async () => {
    using connection = await openRawConnection(service.port);
    for (let opened = 0; opened < 20_000 && !connection.session.destroyed; opened += 1) {
      connection.open(path).close(constants.NGHTTP2_CANCEL);
      if (opened % 100 === 0) await new Promise(setImmediate);
    }
    await until('it is disconnected', () => connection.session.destroyed);
    await expectWell(service.client);
  });
});
