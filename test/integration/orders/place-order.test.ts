import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { status, unaryCall } from '../../support/unary-call.ts';

let database: TestDatabase;
let redis: TestRedis;
let service: TestService;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  service = await startTestService({ databaseUrl: database.url, redisUrl: redis.url });
});

afterAll(async () => {
  await service.stop();
  await Promise.all([database.drop(), redis.stop()]);
});

test('a repeated call gets the same answer, byte for byte', async () => {
  const order = {
    customerId: 'c',
    items: [{ sku: 'tea', quantity: 1, unitPrice: { currencyCode: 'EUR', units: 4n, nanos: 0 } }],
    note: '',
    labels: new Map(),
  };
  const first = await unaryCall(service.client, OrderServiceService.createOrder, order, { key: 'k' });
  const second = await unaryCall(service.client, OrderServiceService.createOrder, order, { key: 'k' });
  expect(first.code).toBe(status.OK);
  expect(second.response).toEqual(first.response);
  expect(second.metadata.get('idempotency-status')).toEqual(['replayed']);
});
