import type { Fingerprint } from '../fingerprint.ts';
import type { ProcessIdentity } from '../own-process.ts';

/** A call whose handler runs, as its process tells of it. */
export interface RunningCall {
  /** The record's id. */
  readonly id: string;
  readonly principal: string;
  readonly method: string;
  readonly key: string;
  readonly fingerprint: Fingerprint;
  readonly owner: ProcessIdentity;
  /** For how long the handler has been running. */
  readonly ageMs: number;
}
