import { OrderError } from './errors.ts';

/** An order has changed between reading it and writing it; nothing was written. */
export class OrderChangedError extends Error {
  override readonly name = 'OrderChangedError';

  constructor(orderId: string) {
    super(`the order ${orderId} has changed meanwhile`);
  }
}

/** An order's life has three events at most; whoever loses more races than that has met something else. */
const TRIES_MAX = 5;

/**
 * Reads, decides and writes, again for as long as somebody else was faster.
 * @throws OrderError ORDER_BUSY if that does not end
 */
export async function whenUnchanged<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OrderChangedError)) {
        throw error;
      }
    }
  }
  throw new OrderError('ORDER_BUSY', 'The order changes too often. Repeat the call with the same key.', {
    retryAfterMs: 1_000,
  });
}
