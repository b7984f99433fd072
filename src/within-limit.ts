import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work, but no longer than so many milliseconds; then the work goes on by itself. */
export async function withinLimit(work: Promise<void>, limitMs: number): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {})]);
  limit.abort();
}
