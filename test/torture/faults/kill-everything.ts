import { findJobless } from '../judge/at-rest.ts';
import type { Recorder } from '../recorder.ts';
import type { Stage } from '../stage/stage.ts';

/** Kills servers, Redis and PostgreSQL at once, and starts them again. @returns what was done */
export async function killEverything({
  stage,
  recorder,
}: {
  readonly stage: Stage;
  readonly recorder: Recorder;
}): Promise<string> {
  const { posts, postgres, redises } = stage;
  const [lead] = redises;
  await Promise.all([...posts.map(({ slot }) => slot.kill()), postgres.kill(), lead.kill()]);
  await postgres.restart();
  recorder.note([await findJobless(postgres.url)]);
  await Promise.all([lead.restart(), ...posts.map(({ slot }) => slot.start())]);
  await Promise.all(posts.map(({ slot }) => slot.ready));
  return 'everything killed at once';
}
