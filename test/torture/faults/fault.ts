import type { Dice } from '../../../src/simulator/dice.ts';
import type { Editions } from '../stage/editions.ts';
import type { Stage } from '../stage/stage.ts';

/** Faults of one lane come one after the other, those of different lanes at the same time. */
export type Lane = 'servers' | 'redis' | 'postgres' | 'clients';

export interface FaultContext {
  readonly stage: Stage;
  readonly editions: Editions;
  readonly dice: Dice;
}

export interface Fault {
  readonly name: string;
  readonly lane: Lane;
  /** Breaks something and mends it again. @returns what was done; undefined: it did not come to it, and does not count */
  readonly strike: (context: FaultContext) => Promise<string | undefined>;
}
