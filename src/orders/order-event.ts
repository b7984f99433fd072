import type { OrderState } from './order.ts';

/** A change of an order, as it is kept and told. */
export interface OrderEvent {
  readonly orderId: string;
  /** 1, 2, 3, without a gap, for each order. */
  readonly sequence: number;
  /** Undefined for the first: the order was placed. */
  readonly previousState: OrderState | undefined;
  readonly state: OrderState;
  readonly reason: string;
  readonly time: Date;
  /** The place in its trace at which it came to be, as W3C's `traceparent`; undefined: it was not traced. */
  readonly traceParent?: string | undefined;
}

/** An event with its place among all events of all orders: 1, 2, 3, as the relay has numbered them. */
export interface NumberedEvent extends OrderEvent {
  readonly number: bigint;
}
