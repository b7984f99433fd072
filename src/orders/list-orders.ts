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

/** How large a page may be when it is sent. */
export interface PageSizeLimit {
  readonly bytesMax: number;
  /** How much of it an order takes. */
  bytesOf(order: Order): number;
}

/**
 * Reads a page of a customer's orders, newest first. The page begins behind an order, not at a count, so that orders placed in
 * between move nothing. It has fewer orders than asked for where more could not be sent.
 * @throws OrderError INVALID_PAGE_TOKEN
 */
export async function listOrders(
  request: ListOrdersRequest,
  reader: OrderReader,
  tokens: PageTokens,
  limit: PageSizeLimit,
): Promise<OrderPage> {
  const { customerId, states, pageSize, pageToken } = request;
  const beforeOrderId = tokens.open(pageToken, request);
  // One more than the page holds tells whether another page follows.
  const found = await reader.list({ customerId, states, limit: pageSize + 1, beforeOrderId });
  const orders = withinLimit(found.slice(0, pageSize), limit);
  const last = orders.at(-1);
  const hasMore = found.length > orders.length && last !== undefined;
  return { orders, nextPageToken: hasMore ? tokens.seal(last.orderId, request) : '' };
}

/** The first of the orders, as many as can be sent; one always can. */
function withinLimit(orders: readonly Order[], { bytesMax, bytesOf }: PageSizeLimit): readonly Order[] {
  let bytes = 0;
  const end = orders.findIndex((order, index) => {
    bytes += bytesOf(order);
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? orders : orders.slice(0, end);
}
