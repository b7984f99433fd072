import { Idempotency } from '@node-idempotency/core';
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis';
import { CreateOrderRequest, CreateOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { required, serveOrders } from './order-server.ts';
import { unitOfWork } from './unit-of-work.ts';

/** A day, as ours. */
const CACHE_TTL_MS = 24 * 60 * 60 * 1_000;

const storage = new RedisStorageAdapter({ url: required('REDIS_URL') });
await storage.connect();
const idempotency = new Idempotency(storage, { cacheTTLMS: CACHE_TTL_MS });
const createOrder = unitOfWork();

// The library compares and keeps JSON, which has neither 64-bit integers nor maps: messages are texts in it.
await serveOrders(async (request, key) => {
  const call = {
    headers: { 'idempotency-key': key },
    path: '/orders.v1.OrderService/CreateOrder',
    method: 'POST',
    body: { message: textOf(CreateOrderRequest.encode(request).finish()) },
  };
  const known = await idempotency.onRequest<string, string>(call);
  if (known?.error !== undefined) {
    throw new Error(known.error);
  }
  if (known?.body !== undefined) {
    return Buffer.from(known.body, 'base64');
  }
  try {
    const response = CreateOrderResponse.encode(await createOrder(request, key)).finish();
    await idempotency.onResponse<string, string>(call, { body: textOf(response) });
    return Buffer.from(response);
  } catch (error) {
    await idempotency.onResponse<string, string>(call, { error: String(error) });
    throw error;
  }
});

function textOf(message: Uint8Array): string {
  return Buffer.from(message).toString('base64');
}
