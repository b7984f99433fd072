import type { Client, handleUnaryCall, Server } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import type { Fault } from '../../../src/transport/fault.ts';
import { createGrpcServer, listen } from '../../../src/transport/grpc-server.ts';
import { richStatus } from '../../../src/transport/rich-status.ts';
import { isReason, statusTable } from '../../../src/transport/status-table.ts';
import { getOrder } from '../../support/order-requests.ts';
import { createClient, metadataValue, status } from '../../support/unary-call.ts';

/** What the server refuses every call with. */
let fault: Fault;
let server: Server;
let client: Client;

beforeAll(async () => {
  server = createGrpcServer({
    maxRequestBytes: 1_024,
    maxResponseBytes: 1_024,
    maxStreamsPerConnection: 10,
    keepaliveTimeMs: 60_000,
    keepaliveTimeoutMs: 60_000,
    maxConnectionIdleMs: 60_000,
    interceptors: [],
  });
  const refuse: handleUnaryCall<unknown, never> = (_call, callback) => callback(richStatus(fault));
  server.addService(OrderServiceService, { createOrder: refuse, getOrder: refuse, listOrders: refuse });
  client = createClient(await listen(server, '127.0.0.1:0', { maxConnections: 100 }));
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

async function refusalBy(changes: Partial<Fault>) {
  fault = { reason: 'INVALID_REQUEST', message: 'It is wrong.', ...changes };
  return await getOrder(client, 'x');
}

test.each(Object.keys(statusTable).filter(isReason))(
  '%s arrives with its code, domain, reason and delay',
  async (reason) => {
    const result = await refusalBy({ reason, facts: { name: 'ü😀\n' }, retryAfterMs: 1_250 });
    const { code, domain } = statusTable[reason];
    expect(result).toMatchObject({ code, message: 'It is wrong.', response: undefined });
    expect(result.errorInfo).toEqual({ reason, domain, metadata: new Map([['name', 'ü😀\n']]) });
    expect(result.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 250_000_000 });
    expect(metadataValue(result, 'grpc-retry-pushback-ms')).toBe('1250');
  },
);

// G7 of the museum: a text that the wire cannot carry turns one code into another.
test.each([
  ['an emoji', 'a😀b', 'a😀b'],
  ['a cut inside an emoji', `${'a'.repeat(504)}😀😀😀`, `${'a'.repeat(504)}😀…`],
  ['half of a surrogate pair', 'a\ud83d', 'a\ufffd'],
  ['the other half', '\ude00', '\ufffd'],
  ['a line break', 'a\r\nb\n', 'a\r\nb\n'],
  ['blanks at both ends', ' a ', ' a '],
  ['a percent sign', '100% %41 %zz', '100% %41 %zz'],
  ['a NUL', 'a\0b', 'a\0b'],
  ['nothing', '', ''],
])('a message with %s arrives, with its code', async (_name, message, expected) => {
  const result = await refusalBy({ message });
  expect(result).toMatchObject({ code: status.INVALID_ARGUMENT, message: expected });
  expect(result.errorInfo?.reason).toBe('INVALID_REQUEST');
});
