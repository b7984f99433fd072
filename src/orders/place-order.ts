import { v7 as uuidv7 } from 'uuid';
import type { Order, OrderDraft } from './order.ts';
import { FIRST_SEQUENCE, FIRST_STATE } from './transitions.ts';

/**
 * Makes the order that a draft asks for. It is not placed before it is committed. Ids made in one process increase, also within a
 * millisecond; between processes their order is as good as the clocks.
 */
export function placeOrder(draft: OrderDraft, orderId: string = uuidv7()): Order {
  const createTime = timeOfUuidv7(orderId);
  return {
    ...draft,
    orderId,
    state: FIRST_STATE,
    stateReason: '',
    sequence: FIRST_SEQUENCE,
    createTime,
    updateTime: createTime,
  };
}

/** The milliseconds since 1970 in the first 48 bits (RFC 9562, section 5.7), so that id and time can never disagree. */
function timeOfUuidv7(uuid: string): Date {
  return new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16));
}
