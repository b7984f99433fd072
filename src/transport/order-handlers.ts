import type { OrderServiceServer } from '../generated/orders/v1/order_service.ts';
import type { CommitResult, Idempotency, LedgerEntry } from '../idempotency/index.ts';
import { getOrder } from '../orders/get-order.ts';
import { listOrders } from '../orders/list-orders.ts';
import type { PageTokens } from '../orders/page-token.ts';
import { placeOrder } from '../orders/place-order.ts';
import type { OrderReader, OrderWriter } from '../orders/ports.ts';
import { checkRequest } from '../orders/validation/check-request.ts';
import { draftRule } from '../orders/validation/draft-rule.ts';
import { getOrderRule, listOrdersRule } from '../orders/validation/read-rules.ts';
import { fromStateMessage, messageBytes, toOrderMessage } from './order-messages.ts';
import type { ToStatus } from './status.ts';
import { unaryHandler } from './unary-handler.ts';

export interface OrderHandlerDependencies {
  readonly idempotency: Pick<Idempotency, 'attemptOf'>;
  readonly orders: OrderReader & OrderWriter<LedgerEntry, CommitResult>;
  readonly pageTokens: PageTokens;
  /** How large an answer may be. */
  readonly responseBytesMax: number;
  readonly toStatus: ToStatus;
}

/** The page token and the tags of the message, generously. */
const PAGE_OVERHEAD_BYTES = 1_024;

/** orders.v1.OrderService: from messages to the domain, and back. */
export function createOrderHandlers(dependencies: OrderHandlerDependencies): OrderServiceServer {
  const { idempotency, orders, pageTokens, toStatus } = dependencies;
  const pageBytesMax = dependencies.responseBytesMax - PAGE_OVERHEAD_BYTES;
  return {
    createOrder: unaryHandler(async (call) => {
      const order = placeOrder(checkRequest(draftRule, call.request));
      const response = { order: toOrderMessage(order) };
      await idempotency.attemptOf(call).commit(response, (entry) => orders.place(order, entry));
      return response;
    }, toStatus),

    getOrder: unaryHandler(async ({ request }) => {
      const { orderId } = checkRequest(getOrderRule, request);
      return { order: toOrderMessage(await getOrder(orderId, orders)) };
    }, toStatus),

    listOrders: unaryHandler(async ({ request }) => {
      const query = checkRequest(listOrdersRule, { ...request, states: request.states.map(fromStateMessage) });
      const page = await listOrders(query, orders, pageTokens, { bytesMax: pageBytesMax, bytesOf: messageBytes });
      return { orders: page.orders.map(toOrderMessage), nextPageToken: page.nextPageToken };
    }, toStatus),
  };
}
