/** A place where a handler stops until the test lets it go on. */
export interface Gate {
  /** Resolves when somebody has come to the gate for the first time. */
  readonly reached: Promise<void>;
  open(): void;
  /** For the one who is to be stopped. */
  readonly pass: () => Promise<void>;
}

export function createGate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    pass: async () => {
      reached.resolve();
      await opened.promise;
    },
  };
}
