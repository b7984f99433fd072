/**
 * The idempotency key of a step, for calls to the outside. It depends on nothing but the order and the step, so that each try, by
 * whichever worker, has the same one; and it is legible, for whoever finds it in the log of the other side.
 */
export function stepKey(orderId: string, step: string): string {
  return `${orderId}:${step}`;
}

/** The key under which a step is taken back. */
export function undoKey(orderId: string, step: string): string {
  return `${stepKey(orderId, step)}:undo`;
}
