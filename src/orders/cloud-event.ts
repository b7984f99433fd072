import type { OrderState } from './order.ts';
import type { OrderEvent } from './order-event.ts';

/** The attributes that CloudEvents 1.0 (cloudevents.io) wants of an event. */
export interface CloudEventAttributes {
  readonly id: string;
  readonly source: string;
  readonly specVersion: string;
  readonly type: string;
  readonly subject: string;
}

/** What has happened, by the state that an order has come to. */
export const eventTypes: Readonly<Record<OrderState, string>> = {
  PENDING: 'orders.v1.order.placed',
  PROCESSING: 'orders.v1.order.processing',
  CONFIRMED: 'orders.v1.order.confirmed',
  REJECTED: 'orders.v1.order.rejected',
  CANCELLED: 'orders.v1.order.cancelled',
};

/** The attributes of an event. They depend on nothing but the event: however often it is told, they are the same. */
export function cloudEventOf({ orderId, sequence, state }: OrderEvent): CloudEventAttributes {
  return {
    id: `${orderId}/${sequence}`,
    source: '/orders.v1.OrderService',
    specVersion: '1.0',
    type: eventTypes[state],
    subject: orderId,
  };
}
