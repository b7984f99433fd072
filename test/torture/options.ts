import type { Fault } from './faults/fault.ts';

/** What a run is to be like. */
export interface TortureOptions {
  readonly seconds: number;
  readonly servers: number;
  readonly clients: number;
  /** Everything random comes from it, but for the time that things take. */
  readonly seed: string;
  readonly faults: readonly Fault[];
  /** For how long all is well between two faults of a lane, on average. */
  readonly restSeconds: number;
  /** Where the history is written; undefined: nowhere. */
  readonly record: string | undefined;
}
