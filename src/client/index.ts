/** What callers import to follow what happens to orders. */
export { OrderState } from '../generated/orders/v1/order.ts';
export type { OrderChange, OrderEvent } from '../generated/orders/v1/order_event.ts';
export type { ConsumerTrouble, EventGap, OrderEventConsumerOptions } from './consumer-options.ts';
export { OrderEventConsumer } from './order-event-consumer.ts';
