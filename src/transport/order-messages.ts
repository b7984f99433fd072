import type { Timestamp } from '../generated/google/protobuf/timestamp.ts';
import type { Money as MoneyMessage } from '../generated/google/type/money.ts';
import { Order as OrderMessage, OrderState as OrderStateMessage } from '../generated/orders/v1/order.ts';
import type { Money } from '../orders/money.ts';
import { type Order, type OrderState, orderStates } from '../orders/order.ts';

const stateMessages: Readonly<Record<OrderState, OrderStateMessage>> = {
  PENDING: OrderStateMessage.ORDER_STATE_PENDING,
  PROCESSING: OrderStateMessage.ORDER_STATE_PROCESSING,
  CONFIRMED: OrderStateMessage.ORDER_STATE_CONFIRMED,
  REJECTED: OrderStateMessage.ORDER_STATE_REJECTED,
  CANCELLED: OrderStateMessage.ORDER_STATE_CANCELLED,
};

/** An order as the contract has it. */
export function toOrderMessage(order: Order): OrderMessage {
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    items: order.items.map(({ sku, quantity, unitPrice }) => ({ sku, quantity, unitPrice: toMoneyMessage(unitPrice) })),
    total: toMoneyMessage(order.total),
    state: toStateMessage(order.state),
    note: order.note,
    labels: new Map([...order.labels].sort(([one], [other]) => (one < other ? -1 : 1))),
    createTime: toTimestamp(order.createTime),
    updateTime: toTimestamp(order.updateTime),
    sequence: order.sequence,
    stateReason: order.stateReason,
  };
}

/** Tag and length of an order within a page. */
const ENVELOPE_BYTES = 6;

/** How many bytes an order takes within an answer. */
export function messageBytes(order: Order): number {
  return OrderMessage.encode(toOrderMessage(order)).finish().length + ENVELOPE_BYTES;
}

export function toStateMessage(state: OrderState): OrderStateMessage {
  return stateMessages[state];
}

/** A state in the domain's words; a state that the contract does not know stays as it is, for validation to refuse. */
export function fromStateMessage(message: OrderStateMessage): OrderState | OrderStateMessage {
  return orderStates.find((state) => stateMessages[state] === message) ?? message;
}

function toMoneyMessage({ currency, units, nanos }: Money): MoneyMessage {
  return { currencyCode: currency, units, nanos };
}

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

export function toTimestamp(time: Date): Timestamp {
  const ms = time.getTime();
  const seconds = Math.floor(ms / MS_PER_SECOND);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * MS_PER_SECOND) * NANOS_PER_MS };
}
