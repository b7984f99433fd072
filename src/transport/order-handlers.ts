import type { Metadata } from '@grpc/grpc-js';
import type { News, WatchOrderRequest } from '../events/watch-order.ts';
import type { OrderServiceServer } from '../generated/orders/v1/order_service.ts';
import type { CommitResult, Idempotency, LedgerEntry } from '../idempotency/index.ts';
import { cancelOrder } from '../orders/cancel-order.ts';
import { getOrder } from '../orders/get-order.ts';
import { listOrders } from '../orders/list-orders.ts';
import type { PageTokens } from '../orders/page-token.ts';
import { placeOrder } from '../orders/place-order.ts';
import type { OrderReader, OrderWriter } from '../orders/ports.ts';
import { cancelOrderRule } from '../orders/validation/cancel-rule.ts';
import { checkRequest } from '../orders/validation/check-request.ts';
import { draftRule } from '../orders/validation/draft-rule.ts';
import { getOrderRule, listOrdersRule, watchOrderRule } from '../orders/validation/read-rules.ts';
import { whenUnchanged } from '../orders/when-unchanged.ts';
import { type CallSpan, checked } from './call-spans.ts';
import { toNewsMessage } from './event-messages.ts';
import { fromStateMessage, messageBytes, toOrderMessage } from './order-messages.ts';
import type { ToStatus } from './status.ts';
import { streamHandler } from './stream-handler.ts';
import { unaryHandler } from './unary-handler.ts';

export interface OrderHandlerDependencies {
  readonly idempotency: Pick<Idempotency, 'attemptOf'>;
  readonly orders: OrderReader & OrderWriter<LedgerEntry, CommitResult>;
  readonly watch: (request: WatchOrderRequest, signal: AbortSignal) => AsyncIterable<News>;
  readonly pageTokens: PageTokens;
  /** The trace of a call, if it has one. */
  readonly spanOf: (metadata: Metadata) => CallSpan | undefined;
  /** How large an answer may be. */
  readonly responseBytesMax: number;
  readonly toStatus: ToStatus;
}

/** The page token and the tags of the message, generously. */
const PAGE_OVERHEAD_BYTES = 1_024;

/** orders.v1.OrderService: from messages to the domain, and back. */
export function createOrderHandlers(dependencies: OrderHandlerDependencies): OrderServiceServer {
  const { idempotency, orders, watch, pageTokens, spanOf, toStatus } = dependencies;
  const pageBytesMax = dependencies.responseBytesMax - PAGE_OVERHEAD_BYTES;
  return {
    createOrder: unaryHandler(async (call) => {
      const order = checked(spanOf(call.metadata), () => placeOrder(checkRequest(draftRule, call.request)));
      const response = { order: toOrderMessage(order) };
      await idempotency.attemptOf(call).commit(response, (entry) => orders.place(order, entry));
      return response;
    }, toStatus),

    cancelOrder: unaryHandler(async (call) => {
      const { orderId, reason } = checked(spanOf(call.metadata), () => checkRequest(cancelOrderRule, call.request));
      const attempt = idempotency.attemptOf(call);
      return await whenUnchanged(async () => {
        const order = await getOrder(orderId, orders);
        const cancelled = cancelOrder(order, reason, new Date());
        const response = { order: toOrderMessage(cancelled) };
        await attempt.commit(response, (entry) => orders.change(order, cancelled, entry));
        return response;
      });
    }, toStatus),

    watchOrder: streamHandler(async function* ({ request }, signal) {
      for await (const news of watch(checkRequest(watchOrderRule, request), signal)) {
        yield toNewsMessage(news);
      }
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
