/** Something to wait for that somebody else raises. Raised while nobody waits, it lets the next one through. */
export class Signal {
  #isRaised = false;
  #release: (() => void) | undefined;

  raise(): void {
    this.#isRaised = true;
    this.#release?.();
  }

  /**
   * Waits until it is raised, or for so long, and lowers it. One waits at a time.
   * @returns whether it was raised
   */
  async wait(limitMs?: number): Promise<boolean> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
        this.#release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const wasRaised = this.#isRaised;
    this.#release = undefined;
    this.#isRaised = false;
    return wasRaised;
  }
}
