import { Dice } from '../../../src/simulator/dice.ts';
import type { Recorder } from '../recorder.ts';
import type { Stage } from '../stage/stage.ts';
import { Caller, type Health } from './caller.ts';
import { Channels } from './channels.ts';
import type { Intent } from './requests.ts';
import { tellStory } from './stories.ts';

export interface CrowdOptions {
  readonly clients: number;
  readonly seed: string;
  readonly stage: Stage;
  readonly recorder: Recorder;
  /** Aborted when no more stories are to begin. */
  readonly over: AbortSignal;
  readonly health: Health;
}

/** So many calls at once ask everything again in the end. */
const ASKERS = 32;

/** All clients: each tells one story after the other. @returns what they have meant, each once */
export async function besiege(options: CrowdOptions): Promise<readonly Intent[]> {
  const { clients, seed, stage, recorder, over, health } = options;
  const meant: Intent[] = [];
  const live = async (index: number) => {
    using channels = new Channels(stage);
    const caller = new Caller({ index, channels, recorder, health });
    for (let told = 0; !over.aborted; told += 1) {
      const name = `c${index}-${told}`;
      meant.push(...(await tellStory(name, caller, new Dice(seed, name))));
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => live(index)));
  return meant;
}

/** Asks for every outcome once more. */
export async function askAgain(
  intents: readonly Intent[],
  options: Omit<CrowdOptions, 'over' | 'clients'>,
): Promise<void> {
  const { seed, stage, recorder, health } = options;
  const left = intents.values();
  const live = async (index: number) => {
    using channels = new Channels(stage);
    const caller = new Caller({ index, channels, recorder, health });
    for (const intent of left) {
      await caller.call(intent, new Dice(seed, 'again', intent.method, intent.request));
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, (_, index) => live(-1 - index)));
}
