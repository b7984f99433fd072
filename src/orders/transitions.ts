import { type Order, type OrderState, orderStates } from './order.ts';

/**
 * The life of an order. Everything that has to do with it is made from this table or held against it: the code below, the CHECK
 * constraint on order_events, tests, docs and pictures.
 */
export const transitions = [
  { from: 'PENDING', to: 'PROCESSING', by: 'worker', means: 'processing has begun' },
  { from: 'PROCESSING', to: 'CONFIRMED', by: 'worker', means: 'all steps are done' },
  { from: 'PROCESSING', to: 'REJECTED', by: 'worker', means: 'a step has refused it' },
  { from: 'PENDING', to: 'CANCELLED', by: 'caller', means: 'it was called off before processing began' },
  { from: 'PROCESSING', to: 'CANCELLED', by: 'caller', means: 'it was called off; what was done is undone' },
] as const satisfies readonly Transition[];

export interface Transition {
  readonly from: OrderState;
  readonly to: OrderState;
  readonly by: 'worker' | 'caller';
  readonly means: string;
}

/** The state in which an order is placed. */
export const FIRST_STATE = 'PENDING' satisfies OrderState;

/** The sequence of the event that an order begins with. */
export const FIRST_SEQUENCE = 1;

/** The most characters of the reason why an order was cancelled or rejected. */
export const STATE_REASON_CHARACTERS_MAX = 500;

export function mayBecome(from: OrderState, to: OrderState): boolean {
  return transitions.some((transition) => transition.from === from && transition.to === to);
}

/** Whether an order stays in this state: no transition leads out of it. */
export function isFinal(state: OrderState): boolean {
  return !transitions.some(({ from }) => from === state);
}

export const finalStates = orderStates.filter(isFinal);
export const unfinishedStates = orderStates.filter((state) => !isFinal(state));

export interface Change {
  readonly to: OrderState;
  readonly reason: string;
  readonly time: Date;
}

/**
 * The order after a change. Time never runs backwards in it, whatever the clocks of two processes say.
 * @throws Error if no transition leads there: that is a mistake of the caller's code
 */
export function changed(order: Order, { to, reason, time }: Change): Order {
  if (!mayBecome(order.state, to)) {
    throw new Error(`an order that is ${order.state} cannot become ${to}`);
  }
  const updateTime = time > order.updateTime ? time : order.updateTime;
  return { ...order, state: to, stateReason: reason, sequence: order.sequence + 1, updateTime };
}
