import type { Money } from './money.ts';

/** The states of an order, in the words that the database uses; docs and contract explain them. */
export const orderStates = ['PENDING', 'PROCESSING', 'CONFIRMED', 'REJECTED', 'CANCELLED'] as const;
export type OrderState = (typeof orderStates)[number];

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}

/** What a caller asks for, checked: every rule of the contract holds. */
export interface OrderDraft {
  readonly customerId: string;
  /** At least one, all in one currency. */
  readonly items: readonly OrderItem[];
  readonly total: Money;
  readonly note: string;
  readonly labels: ReadonlyMap<string, string>;
}

export interface Order extends OrderDraft {
  /** UUIDv7. Later orders have greater ids. */
  readonly orderId: string;
  readonly state: OrderState;
  /** Why it was cancelled or rejected; empty in other states. */
  readonly stateReason: string;
  /** How many events it has had. */
  readonly sequence: number;
  readonly createTime: Date;
  readonly updateTime: Date;
}
