import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findFreePort } from '../../../src/embedded/port.ts';
import {
  CreateOrderRequest,
  CreateOrderResponse,
  ListOrdersResponse,
  OrderServiceService,
} from '../../../src/generated/orders/v1/order_service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue, unaryCall } from '../../support/unary-call.ts';
import { generatePythonStubs, type PythonAnswer, type PythonClient, startPythonClient } from './python-client.ts';

let stubsFolder: string;
let database: TestDatabase;
let redis: TestRedis;
let listen: string;
let service: ServiceProcess;
let python: PythonClient;

beforeAll(async () => {
  stubsFolder = await generatePythonStubs();
}, 60_000);

beforeEach(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis({ isPersistent: true })]);
  // A fixed port, so that the client's channel finds the service again that was started anew.
  listen = `127.0.0.1:${await findFreePort()}`;
  service = await startService();
  python = startPythonClient(stubsFolder, service.port);
}, 60_000);

afterEach(async () => {
  await python.stop();
  await service.kill();
  await Promise.all([database.drop(), redis.stop()]);
}, 60_000);

function startService(): Promise<ServiceProcess> {
  return startServiceProcess({ databaseUrl: database.url, redisUrl: redis.url, settings: { GRPC_LISTEN: listen } });
}

const order = {
  customerId: 'python',
  items: [
    { sku: 'tea', quantity: 2, unitPrice: { currencyCode: 'EUR', units: '4', nanos: 500_000_000 } },
    { sku: 'cup', quantity: 1, unitPrice: { currencyCode: 'EUR', units: '7' } },
  ],
  note: 'für Zoë, 茶',
  labels: { channel: 'web', campaign: 'autumn', shelf: 'b/7', gift: '' },
};

const place = (via: 'stub' | 'bytes', key?: string) =>
  python.call({ method: 'CreateOrder', request: order, via, ...(key !== undefined && { key }) });

const about = ({ code, metadata }: PythonAnswer) => [
  code,
  metadata['idempotency-key-source'],
  metadata['idempotency-status'],
];
const executed = ['OK', 'client', 'executed'];
const replayed = ['OK', 'client', 'replayed'];

function orderIn({ responseHex }: PythonAnswer) {
  return CreateOrderResponse.decode(Buffer.from(responseHex ?? '', 'hex')).order;
}

test('P2: a retry from Python gets the same bytes, and the generated stub reads the same order from them', async () => {
  const first = await place('bytes', 'key');
  const second = await place('bytes', 'key');
  const [third, fourth] = [await place('stub', 'key'), await place('stub', 'key')];
  expect([first, second, third, fourth].map(about)).toEqual([executed, replayed, replayed, replayed]);
  expect(first.metadata['idempotency-key']).toBe('key');
  expect(second.responseHex).toBe(first.responseHex);
  expect(fourth.responseHex).toBe(third.responseHex);
  expect(orderIn(third)).toEqual(orderIn(first));
  expect(orderIn(first)).toMatchObject({ customerId: 'python', note: order.note, total: { units: 16n, nanos: 0 } });
  const { responseHex } = await python.call({ method: 'ListOrders', request: { customerId: 'python' }, via: 'stub' });
  expect(ListOrdersResponse.decode(Buffer.from(responseHex ?? '', 'hex')).orders).toEqual([orderIn(first)]);
}, 60_000);

test('P2, P7: the retry gets the same bytes after the service was killed and started again', async () => {
  const first = await place('bytes', 'key');
  await service.kill();
  service = await startService();
  const second = await place('bytes', 'key');
  expect([first, second].map(about)).toEqual([executed, replayed]);
  expect(second.responseHex).toBe(first.responseHex);
  expect(orderIn(await place('stub', 'key'))).toEqual(orderIn(first));
}, 60_000);

test('P2, P5: the retry gets the same bytes with Redis stopped, also after the service was killed', async () => {
  const first = await place('bytes', 'key');
  await redis.kill();
  const second = await place('bytes', 'key');
  await service.kill();
  service = await startService();
  const third = await place('bytes', 'key');
  expect([first, second, third].map(about)).toEqual([executed, replayed, replayed]);
  expect([second.responseHex, third.responseHex]).toEqual([first.responseHex, first.responseHex]);
  expect(orderIn(await place('stub', 'key'))).toEqual(orderIn(first));
}, 90_000);

test('P3: another request under the key is refused, with a status that Python reads', async () => {
  await place('stub', 'key');
  const other = { ...order, note: 'another' };
  const refused = await python.call({ method: 'CreateOrder', request: other, key: 'key', via: 'stub' });
  expect(refused.code).toBe('INVALID_ARGUMENT');
  expect(refused.details).toContain('belongs to another request');
  expect(refused.responseHex).toBeNull();
}, 60_000);

test('two encodings of one request, by Python and by ts-proto, have one derived key and one answer', async () => {
  const fromPython = await place('bytes');
  expect(about(fromPython)).toEqual(['OK', 'derived', 'executed']);
  const request = CreateOrderRequest.decode(Buffer.from(fromPython.requestHex, 'hex'));
  request.labels = new Map([...request.labels].reverse());
  expect(Buffer.from(CreateOrderRequest.encode(request).finish()).toString('hex')).not.toBe(fromPython.requestHex);

  const fromTypeScript = await unaryCall(service.client, OrderServiceService.createOrder, request);
  expect(metadataValue(fromTypeScript, 'idempotency-status')).toBe('replayed');
  expect(metadataValue(fromTypeScript, 'idempotency-key')).toBe(fromPython.metadata['idempotency-key']);
  expect(fromTypeScript.response?.toString('hex')).toBe(fromPython.responseHex);
}, 60_000);
