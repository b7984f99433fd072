import { OrderError } from './errors.ts';
import type { Order } from './order.ts';
import { changed, mayBecome } from './transitions.ts';

/**
 * Makes the order that a cancellation leads to. It is not cancelled before that is committed.
 * @throws OrderError ORDER_NOT_CANCELLABLE if the order has come to its end
 */
export function cancelOrder(order: Order, reason: string, time: Date): Order {
  if (!mayBecome(order.state, 'CANCELLED')) {
    throw new OrderError(
      'ORDER_NOT_CANCELLABLE',
      `The order ${order.orderId} is ${order.state} and can no longer be cancelled.`,
      { facts: { orderId: order.orderId, state: order.state } },
    );
  }
  return changed(order, { to: 'CANCELLED', reason, time });
}
