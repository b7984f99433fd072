import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { oneEffect } from '../orders/audit.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';

const gate = createGate('before_commit');
let stores: OpenStores;
let service: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, settings: { GRPC_CALL_LIMIT_MS: '1000' }, pause: gate.pause });
}, 60_000);

afterAll(async () => {
  gate.open();
  await service.stop();
  await stores.close();
}, 60_000);

/** Without a deadline of the caller's. */
function placeForEver(customerId: string): Promise<ServiceError | null> {
  const { path, requestSerialize, responseDeserialize } = OrderServiceService.createOrder;
  const request = orderRequest({ customerId });
  return new Promise((resolve) => {
    service.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) => resolve(error));
  });
}

test('P4 a duplicate that waits is told to come back before the limit ends it', async () => {
  const place = () => createOrder(service.client, orderRequest({ customerId: 'waited-for' }), { key: 'waited-for' });
  const owner = await gate.hold(place);
  const duplicate = await place();
  expect(duplicate).toMatchObject({
    code: status.UNAVAILABLE,
    errorInfo: { reason: 'IDEMPOTENCY_KEY_IN_PROGRESS' },
    hadHeaders: false,
  });
  gate.open();
  await owner.result;
});

test('P10 a call is ended after the limit of the server, with or without a deadline; its order is still placed once', async () => {
  gate.close();
  const place = () => createOrder(service.client, orderRequest({ customerId: 'limit' }), { key: 'limit' });
  const [limited, withoutDeadline] = await Promise.all([place(), placeForEver('limit-for-ever')]);
  expect(limited).toMatchObject({ code: status.DEADLINE_EXCEEDED, hadHeaders: false });
  expect(limited.errorInfo).toMatchObject({ domain: 'orders.v1', reason: 'CALL_LIMIT_EXCEEDED' });
  expect(limited.errorInfo?.metadata.get('callLimitMs')).toBe('1000');
  expect(limited.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 0 });
  expect(metadataValue(limited, 'grpc-retry-pushback-ms')).toBe('1000');
  expect(metadataValue(limited, 'x-request-id')).toBeDefined();
  expect(withoutDeadline?.code).toBe(status.DEADLINE_EXCEEDED);
  gate.open();
  const retry = await place();
  answerOf(retry);
  expect(metadataValue(retry, 'idempotency-status')).toBe('replayed');
  expect(await stores.audit.effectsOf('limit')).toEqual(oneEffect);
});
