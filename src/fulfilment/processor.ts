import type { Order } from '../orders/order.ts';

/**
 * What an order goes through before it is confirmed: the part that a team replaces with its own. Steps run one after the other;
 * when all are done, the order is CONFIRMED. Which steps are done is kept, so that a step is not begun again after it has ended; one
 * whose worker died in the middle is run again, with the same key.
 */
export interface Processor {
  /** At most 20. Steps of orders that are under way must keep their names. */
  readonly steps: readonly ProcessingStep[];
}

export interface ProcessingStep {
  /** 1 to 63 of a-z, 0-9 and `-`, beginning with a letter. It is part of the step's idempotency key. */
  readonly name: string;
  /**
   * Does the step. It may be called again for the same order: after a crash, after an error, or by a second worker while the first
   * one hangs. Whatever it does outside must be done under `idempotencyKey`, so that it is done once.
   * @throws anything: the step is tried again later, and after FULFILMENT_FAILURES_MAX failures set aside
   */
  run(context: StepContext): Promise<StepResult>;
  /**
   * Takes back what `run` has done, or may have done, for an order that was cancelled or rejected after this step had begun. A `run`
   * that had hung may still be under way: once this has been done, it must have no effect any more. Left out where there is nothing
   * to take back.
   * @throws anything: it is tried again later
   */
  undo?(context: StepContext): Promise<void>;
}

export interface StepContext {
  readonly order: Order;
  /**
   * The same for every try of this step for this order, and for no other: `<order id>:<step>`, with `:undo` behind it for undo. 1 to
   * 105 visible ASCII characters without comma.
   */
  readonly idempotencyKey: string;
  /** Aborted when the step has run for too long, or the worker is to stop. */
  readonly signal: AbortSignal;
}

export type StepResult =
  | { readonly kind: 'done' }
  /** The order cannot be fulfilled, and this step has had no effect: the order is REJECTED for this reason. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Not yet: the step is called again after so long. That is no failure. */
  | { readonly kind: 'later'; readonly afterMs: number };
