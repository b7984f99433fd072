/** How long a call is willing to wait. */
export interface Patience {
  /** When to stop waiting, on the monotonic clock, in milliseconds. */
  readonly endsAtMs: number;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** How long it has waited so far, in milliseconds. */
  waitedMs: number;
}

export type Waited<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'timeUp' | 'callerGone' };

/**
 * Waits for a promise, but no longer than the call is willing to, and no longer than `limitMs`. Leaves no timer and no
 * listener behind. A rejection of the promise is passed on.
 */
export async function waitPatiently<T>(
  promise: Promise<T>,
  patience: Patience,
  limitMs = Infinity,
): Promise<Waited<T>> {
  const { signal } = patience;
  if (signal.aborted) {
    return { kind: 'callerGone' };
  }
  const startedAtMs = performance.now();
  const waitMs = Math.min(limitMs, patience.endsAtMs - startedAtMs);
  if (waitMs <= 0) {
    return { kind: 'timeUp' };
  }
  const ended = Promise.withResolvers<Waited<T>>();
  const timer = setTimeout(() => ended.resolve({ kind: 'timeUp' }), waitMs);
  const onAbort = () => ended.resolve({ kind: 'callerGone' });
  signal.addEventListener('abort', onAbort, { once: true });
  promise.then((value) => ended.resolve({ kind: 'value', value }), ended.reject);
  try {
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    patience.waitedMs += performance.now() - startedAtMs;
  }
}
