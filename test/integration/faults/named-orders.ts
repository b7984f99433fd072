import type { Client } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import {
  type CreateOrderRequest,
  CreateOrderResponse,
  OrderServiceService,
} from '../../../src/generated/orders/v1/order_service.ts';
import { type CallOptions, type CallResult, metadataValue, status, unaryCall } from '../../support/unary-call.ts';
import { queryDatabase } from './query-database.ts';

/** An order whose customer has the name of its key, so that everything it leaves behind can be counted. */
export function orderOf(name: string, quantity = 1): CreateOrderRequest {
  const unitPrice = { currencyCode: 'EUR', units: 4n, nanos: 500_000_000 };
  const items = ['tea', 'honey'].map((sku) => ({ sku, quantity, unitPrice }));
  return { customerId: name, items, note: '', labels: new Map() };
}

/** Places the order of a name, with its name as the key. */
export function place(client: Client, name: string, options: CallOptions = {}): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.createOrder, orderOf(name), { key: name, ...options });
}

/** Sends another order with the same key. */
export function placeOther(client: Client, name: string): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.createOrder, orderOf(name, 7), { key: name });
}

/** A result in a line: `OK executed`, `OK replayed`, `UNAVAILABLE OUTCOME_UNKNOWN, may retry`. */
export function inWords(result: CallResult): string {
  const mayRetry =
    result.retryInfo !== undefined && metadataValue(result, 'grpc-retry-pushback-ms') !== undefined
      ? ', may retry'
      : '';
  const what =
    result.code === status.OK ? metadataValue(result, 'idempotency-status') : (result.errorInfo?.reason ?? 'no reason');
  return `${status[result.code]} ${what}${mayRetry}`;
}

/** Whose order an answer is about. */
export function customerIn({ response }: CallResult): string | undefined {
  return response && CreateOrderResponse.decode(response).order?.customerId;
}

export const REUSED = 'INVALID_ARGUMENT IDEMPOTENCY_KEY_REUSED';
export const ONE_ORDER = { orders: 1, items: 2, keys: 1 };
export const NO_ORDER = { orders: 0, items: 0, keys: 0 };

/** What the database holds for a name. */
export async function countsOf(databaseUrl: string, name: string): Promise<unknown> {
  const [counts] = await queryDatabase(
    databaseUrl,
    `select
      (select count(*)::int from orders where customer_id = $1) as orders,
      (select count(*)::int from order_items join orders using (order_id) where customer_id = $1) as items,
      (select count(*)::int from idempotency_keys where key = $1) as keys`,
    [name],
  );
  return counts;
}

export interface Target {
  readonly client: Client;
  readonly databaseUrl: string;
}

/** The whole promise for one new key: placed once (P1), repeated byte for byte (P2), refused to another order (P3). */
export async function expectPlacedOnce({ client, databaseUrl }: Target, name: string): Promise<CallResult> {
  const first = await place(client, name);
  expect(inWords(first)).toBe('OK executed');
  expect(customerIn(first)).toBe(name);
  await expectSettled({ client, databaseUrl }, name, first);
  return first;
}

/** The promise for a key that has its answer. */
export async function expectSettled(
  { client, databaseUrl }: Target,
  name: string,
  { response }: CallResult,
): Promise<void> {
  const [again, other] = [await place(client, name), await placeOther(client, name)];
  expect([inWords(again), inWords(other)]).toEqual(['OK replayed', REUSED]);
  expect(again.response).toEqual(response);
  expect(await countsOf(databaseUrl, name)).toEqual(ONE_ORDER);
}
