/** Something to wait for that somebody else raises. Raised while nobody waits, it lets the next one through. */
export class Signal {
  #isRaised = false;
  #release: (() => void) | undefined;

  raise(): void {
    this.#isRaised = true;
    this.#release?.();
  }

  /** Resolves when it is raised, or after so long, and lowers it. One waits at a time. */
  async wait(limitMs?: number): Promise<void> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
        this.#release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#release = undefined;
    this.#isRaised = false;
  }
}
