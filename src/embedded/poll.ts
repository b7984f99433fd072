import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `probe` again and again until it gives a value, for at most `timeoutMs`; then the answer is undefined.
 *
 * For what the operating system reports no event: another program's file, or a process that is not our child.
 */
export async function poll<Value>(
  probe: () => Promise<Value | undefined>,
  { timeoutMs, intervalMs = 20 }: { timeoutMs: number; intervalMs?: number },
): Promise<Value | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() >= deadlineMs) return undefined;
    await delay(intervalMs);
  }
}
