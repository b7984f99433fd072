import type { News } from '../events/watch-order.ts';
import { OrderState as OrderStateMessage } from '../generated/orders/v1/order.ts';
import type { OrderEvent as OrderEventMessage } from '../generated/orders/v1/order_event.ts';
import type { WatchOrderResponse } from '../generated/orders/v1/order_service.ts';
import { cloudEventOf } from '../orders/cloud-event.ts';
import type { OrderEvent } from '../orders/order-event.ts';
import { toOrderMessage, toStateMessage, toTimestamp } from './order-messages.ts';

/** A piece of news as the contract has it. */
export function toNewsMessage(news: News): WatchOrderResponse {
  return news.kind === 'order'
    ? { news: { $case: 'order', value: toOrderMessage(news.order) } }
    : { news: { $case: 'event', value: toEventMessage(news.event) } };
}

/** An event as the contract has it. */
export function toEventMessage(event: OrderEvent): OrderEventMessage {
  const { id, source, specVersion, type, subject } = cloudEventOf(event);
  return {
    id,
    source,
    specVersion,
    type,
    subject,
    time: toTimestamp(event.time),
    sequence: event.sequence,
    data: {
      orderId: event.orderId,
      previousState:
        event.previousState === undefined
          ? OrderStateMessage.ORDER_STATE_UNSPECIFIED
          : toStateMessage(event.previousState),
      state: toStateMessage(event.state),
      reason: event.reason,
    },
    traceParent: event.traceParent ?? '',
  };
}
