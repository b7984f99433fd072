import type { CreateOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { placeOrder } from '../../src/orders/place-order.ts';
import { checkRequest } from '../../src/orders/validation/check-request.ts';
import { draftRule } from '../../src/orders/validation/draft-rule.ts';
import { toOrderMessage } from '../../src/transport/order-messages.ts';
import { serveOrders } from './order-server.ts';

// The limit: messages of the same size, and nothing done.
let answer: CreateOrderResponse | undefined;

await serveOrders(async (request) => {
  answer ??= { order: toOrderMessage(placeOrder(checkRequest(draftRule, request))) };
  return answer;
});
