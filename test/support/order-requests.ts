import type { Client } from '@grpc/grpc-js';
import type { Money } from '../../src/generated/google/type/money.ts';
import type { Order, OrderItem } from '../../src/generated/orders/v1/order.ts';
import {
  type CreateOrderRequest,
  CreateOrderResponse,
  GetOrderResponse,
  type ListOrdersRequest,
  ListOrdersResponse,
  OrderServiceService,
} from '../../src/generated/orders/v1/order_service.ts';
import { type CallOptions, type CallResult, status, unaryCall } from './unary-call.ts';

export function euros(units: bigint, nanos = 0): Money {
  return { currencyCode: 'EUR', units, nanos };
}

export function orderItem(changes: Partial<OrderItem> = {}): OrderItem {
  return { sku: 'tea', quantity: 2, unitPrice: euros(4n, 500_000_000), ...changes };
}

/** A valid request of two items, but for what a test changes. */
export function orderRequest(changes: Partial<CreateOrderRequest> = {}): CreateOrderRequest {
  return {
    customerId: 'customer',
    items: [orderItem(), orderItem({ sku: 'cup', quantity: 1 })],
    note: '',
    labels: new Map(),
    ...changes,
  };
}

export function listRequest(changes: Partial<ListOrdersRequest> = {}): ListOrdersRequest {
  return { customerId: 'customer', states: [], pageSize: 0, pageToken: '', ...changes };
}

export function createOrder(
  client: Client,
  request: CreateOrderRequest,
  options: CallOptions = {},
): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.createOrder, request, options);
}

export function getOrder(client: Client, orderId: string, options: CallOptions = {}): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.getOrder, { orderId }, options);
}

export function listOrders(client: Client, request: ListOrdersRequest): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.listOrders, request);
}

/** The order in the answer of CreateOrder; any other status fails the test with its text. */
export function createdOrder(result: CallResult): Order {
  return required(CreateOrderResponse.decode(answerOf(result)).order);
}

/** The order in the answer of GetOrder. */
export function readOrder(result: CallResult): Order {
  return required(GetOrderResponse.decode(answerOf(result)).order);
}

/** The page in the answer of ListOrders. */
export function readPage(result: CallResult): ListOrdersResponse {
  return ListOrdersResponse.decode(answerOf(result));
}

/** The bytes of an answer that must be there. */
export function answerOf({ code, message, response }: CallResult): Buffer {
  if (code === status.OK && response !== undefined) return response;
  throw new Error(`the call ended with ${status[code]}: ${message}`);
}

function required(order: Order | undefined): Order {
  if (order === undefined) throw new Error('the answer has no order');
  return order;
}
