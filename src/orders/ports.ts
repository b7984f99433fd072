import type { Order, OrderState } from './order.ts';
import type { OrderEvent } from './order-event.ts';

/** Where orders are read. */
export interface OrderReader {
  find(orderId: string): Promise<Order | undefined>;
  /** A customer's orders, newest first. */
  list(query: OrderQuery): Promise<readonly Order[]>;
}

export interface OrderQuery {
  readonly customerId: string;
  /** Only orders in these states; empty means all. */
  readonly states: readonly OrderState[];
  readonly limit: number;
  /** Only orders placed before this one. */
  readonly beforeOrderId: string | undefined;
}

/**
 * Where orders are placed and changed: together with a receipt, or not at all. Orders do not know what a receipt is. Each change
 * commits its event as well.
 */
export interface OrderWriter<Receipt, Result> {
  /** Commits also the job that processes the order. */
  place(order: Order, receipt: Receipt): Promise<Result>;
  /** @throws OrderChangedError if the order is no longer as it was `before` */
  change(before: Order, after: Order, receipt: Receipt): Promise<Result>;
}

/** Where the events of orders are read. */
export interface OrderEventReader {
  /** The events of an order behind a sequence, in order. */
  eventsOf(orderId: string, afterSequence: number): Promise<readonly OrderEvent[]>;
}
