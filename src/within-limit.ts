import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work, but no longer than allowed. @returns whether it has ended */
export async function withinLimit(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(limitMs, false, { signal: limit.signal }).catch(() => false),
    ]);
  } finally {
    limit.abort();
  }
}
