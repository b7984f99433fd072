import type { Pause, PausePoint } from '../../../src/idempotency/index.ts';

/** Stops calls at a pause point of the protocol. */
export interface Gate {
  /** For the service. */
  readonly pause: Pause;
  /** Makes a call and returns when it waits at the point. All that come there later wait, too. */
  hold<T>(call: () => Promise<T>): Promise<{ readonly result: Promise<T> }>;
  /** Lets everything go on. */
  open(): void;
}

export function gate(point: PausePoint): Gate {
  let opened: PromiseWithResolvers<void> | undefined;
  let arrived: PromiseWithResolvers<void> | undefined;
  return {
    pause: async (here) => {
      if (here === point && opened !== undefined) {
        arrived?.resolve();
        await opened.promise;
      }
    },
    hold: async (call) => {
      opened ??= Promise.withResolvers();
      arrived = Promise.withResolvers();
      const result = call();
      await arrived.promise;
      return { result };
    },
    open: () => {
      opened?.resolve();
      opened = undefined;
    },
  };
}
