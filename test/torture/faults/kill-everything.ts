import type { Stage } from '../stage/stage.ts';

/** Kills servers, Redis and PostgreSQL at once, and starts them again. @returns what was done */
export async function killEverything({ stage }: { readonly stage: Stage }): Promise<string> {
  const { posts, postgres, redises } = stage;
  const [lead] = redises;
  await Promise.all([...posts.map(({ slot }) => slot.kill()), postgres.kill(), lead.kill()]);
  await Promise.all([postgres.restart(), lead.restart(), ...posts.map(({ slot }) => slot.start())]);
  await Promise.all(posts.map(({ slot }) => slot.ready));
  return 'everything killed at once';
}
