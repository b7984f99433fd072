import { beforeAll, test } from '@jest/globals';

/**
 * Tests that wait for time to pass, begun together before the first of them is told. Unlike test.concurrent they may import modules
 * on the way, which Jest allows only while a hook or a test runs.
 */
export function storiesAtOnce(stories: Readonly<Record<string, () => Promise<void>>>, limitMs = 60_000): void {
  const endings = new Map<string, Promise<void>>();
  beforeAll(async () => {
    for (const [name, story] of Object.entries(stories)) endings.set(name, story());
    await Promise.allSettled(endings.values());
  }, limitMs);
  test.each(Object.keys(stories))('%s', async (name) => {
    await endings.get(name);
  });
}
