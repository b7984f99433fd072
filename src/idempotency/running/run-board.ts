import type { RunningCall } from './running-call.ts';

/** Where the processes tell each other what they run. */
export interface RunBoard {
  /**
   * Says what this process runs, in place of what it has said before; none: it runs nothing any more. What is not repeated is
   * forgotten after some seconds. A board that cannot be reached is none of the caller's concern.
   */
  announce(calls: readonly RunningCall[]): Promise<void>;
  /** What all processes say; undefined if they could not be asked. */
  read(): Promise<readonly RunningCall[] | undefined>;
}

/** The board of a service without Redis. */
export const noRunBoard: RunBoard = { announce: async () => {}, read: async () => undefined };
