import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 10;
const LIMIT_MS = 30_000;

/** Waits for something that no event tells of. @throws with `what` if it does not come about */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > LIMIT_MS) {
      throw new Error(`${what} did not come about within ${LIMIT_MS} ms`);
    }
    await sleep(INTERVAL_MS);
  }
}
