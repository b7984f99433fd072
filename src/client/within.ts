/**
 * Waits for an answer no longer than so, and no longer than until the signal. The timer is ours: after a cut, the promise of a
 * command can stay open for ever.
 * @throws an error that names the limit, or the reason of the signal
 */
export async function within<T>(answer: Promise<T>, limitMs: number, signal?: AbortSignal): Promise<T> {
  const first = Promise.withResolvers<T>();
  // Let the socket be read once more: after a pause of our own process, an answer that is there gets its turn.
  const timer = setTimeout(
    () => setImmediate(() => first.reject(new Error(`Redis gave no answer within ${limitMs} ms`))),
    limitMs,
  );
  const onAbort = () => first.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) {
    onAbort();
  }
  answer.then(first.resolve, first.reject);
  try {
    return await first.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
