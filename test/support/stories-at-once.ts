import { beforeAll, test } from '@jest/globals';
import { withinLimit } from './within-limit.ts';

/** For the hook to hear of the stories' own limit. */
const MARGIN_MS = 5_000;

/**
 * Tests that wait for time to pass, begun together before the first of them is told. Unlike test.concurrent they may import modules
 * on the way, which Jest allows only while a hook or a test runs. A story that does not end fails, and not the others.
 */
export function storiesAtOnce(stories: Readonly<Record<string, () => Promise<void>>>, limitMs = 60_000): void {
  const endings = new Map<string, Promise<void>>();
  beforeAll(async () => {
    for (const [name, story] of Object.entries(stories)) {
      endings.set(name, withinLimit('the end of the story', story(), limitMs));
    }
    await Promise.allSettled(endings.values());
  }, limitMs + MARGIN_MS);
  test.each(Object.keys(stories))('%s', async (name) => {
    await endings.get(name);
  });
}
