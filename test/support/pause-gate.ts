import type { Pause, PausePoint } from '../../src/idempotency/index.ts';

/** Holds the calls of a service in this process at a pause point, for as long as a test wants. */
export interface Gate {
  readonly pause: Pause;
  /** Holds calls from now on. */
  close(): void;
  /** How many calls stand at the gate now. */
  standing(): number;
  /** Resolves when so many calls stand at the closed gate. */
  arrived(count: number): Promise<void>;
  /** Closes the gate, makes a call, and returns when that stands at it. All that come there later wait, too. */
  hold<T>(call: () => Promise<T>): Promise<{ readonly result: Promise<T> }>;
  /** Lets them go on, and all that come after. */
  open(): void;
}

/** A gate that is open at first. */
export function createGate(at: PausePoint): Gate {
  let gate: PromiseWithResolvers<void> | undefined;
  let standing = 0;
  const listeners = new Set<() => void>();
  const arrived = (count: number) =>
    new Promise<void>((resolve) => {
      const listener = () => {
        if (standing < count) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
      listener();
    });
  const close = () => {
    gate ??= Promise.withResolvers();
  };
  return {
    pause: async (point) => {
      if (point !== at || gate === undefined) return;
      standing += 1;
      for (const listener of listeners) listener();
      await gate.promise;
      standing -= 1;
    },
    close,
    standing: () => standing,
    arrived,
    hold: async (call) => {
      close();
      const stood = arrived(standing + 1);
      const result = call();
      await stood;
      return { result };
    },
    open: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}
