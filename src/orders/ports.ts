import type { Order, OrderState } from './order.ts';

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
 * Where orders are placed: an order is committed together with a receipt, or not at all. Orders do not know what a receipt
 * is.
 */
export interface OrderWriter<Receipt, Result> {
  place(order: Order, receipt: Receipt): Promise<Result>;
}
