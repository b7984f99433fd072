import type { Order, OrderState } from './order.ts';
import type { PageTokens } from './page-token.ts';
import type { OrderReader } from './ports.ts';

export interface ListOrdersRequest {
  readonly customerId: string;
  readonly states: readonly OrderState[];
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Reads a page of a customer's orders, newest first. The page begins behind an order, not at a count, so that orders placed in
 * between move nothing.
 * @throws OrderError INVALID_PAGE_TOKEN
 */
export async function listOrders(
  request: ListOrdersRequest,
  reader: OrderReader,
  tokens: PageTokens,
): Promise<OrderPage> {
  const { customerId, states, pageSize, pageToken } = request;
  const beforeOrderId = tokens.open(pageToken, request);
  // One more than the page holds tells whether another page follows.
  const found = await reader.list({ customerId, states, limit: pageSize + 1, beforeOrderId });
  const orders = found.slice(0, pageSize);
  const last = orders.at(-1);
  const hasMore = found.length > pageSize && last !== undefined;
  return { orders, nextPageToken: hasMore ? tokens.seal(last.orderId, request) : '' };
}
