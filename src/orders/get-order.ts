import { OrderError } from './errors.ts';
import type { Order } from './order.ts';
import type { OrderReader } from './ports.ts';

/** Reads one order. @throws OrderError ORDER_NOT_FOUND */
export async function getOrder(orderId: string, reader: OrderReader): Promise<Order> {
  const order = await reader.find(orderId);
  if (order === undefined) {
    throw new OrderError('ORDER_NOT_FOUND', `There is no order ${orderId}.`, {
      facts: { orderId },
      resource: { type: 'orders.v1.Order', name: orderId },
    });
  }
  return order;
}
