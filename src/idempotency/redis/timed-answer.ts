export interface TimeLimits {
  /** After this, nobody waits for the answer any more. */
  readonly commandTimeoutMs: number;
  /** An answer that took longer is slow. */
  readonly slowMs: number;
}

/** There was no answer in time. */
export class AnswerLimitError extends Error {
  override readonly name = 'AnswerLimitError';
}

/**
 * Waits for an answer within the limits. The timers are ours: after a cut, the promise of a command can stay open for ever.
 * @throws AnswerLimitError, which names the limit
 */
export async function timedAnswer<T>(
  answer: Promise<T>,
  { commandTimeoutMs, slowMs }: TimeLimits,
): Promise<{ readonly value: T; readonly slow: boolean }> {
  const limit = Promise.withResolvers<T>();
  let slow = false;
  const slowTimer = afterReading(slowMs, () => {
    slow = true;
  });
  const limitTimer = afterReading(commandTimeoutMs, () =>
    limit.reject(new AnswerLimitError(`no answer within ${commandTimeoutMs} ms`)),
  );
  answer.then(limit.resolve, limit.reject);
  try {
    const value = await limit.promise;
    return { value, slow };
  } finally {
    clearTimeout(slowTimer);
    clearTimeout(limitTimer);
  }
}

/**
 * A timer that lets the sockets be read once more before it fires: after a pause of our own process, an answer that is
 * there gets its turn, and the pause is not taken for one of Redis.
 */
function afterReading(delayMs: number, action: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(action), delayMs);
}
