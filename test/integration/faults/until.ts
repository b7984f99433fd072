import { poll } from '../../../src/embedded/poll.ts';

const LIMIT_MS = 30_000;

/** Waits until something is so that no event tells of. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const found = await poll(async () => ((await isSo()) ? true : undefined), { timeoutMs: LIMIT_MS });
  if (found === undefined) {
    throw new Error(`${what}: not so after ${LIMIT_MS} ms`);
  }
}
