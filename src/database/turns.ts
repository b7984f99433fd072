import { setTimeout as sleep } from 'node:timers/promises';

export interface TurnsOptions {
  /** How long anybody waits for its turn. */
  readonly limitMs: number;
  /** What is thrown to those who have waited for so long. */
  readonly tooLate: () => Error;
}

/** Lets work on one thing wait for its turn in this process: whoever waits in the database holds a connection all the while. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** @throws what `tooLate` gives, if it was not its turn in time; then the work was not begun */
  async take<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(thing);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(thing, promise);
    try {
      if (before !== undefined && !(await this.#comesInTime(before))) {
        throw this.#options.tooLate();
      }
      return await work();
    } finally {
      // Whoever leaves does not let the next one pass those who are before both.
      void Promise.resolve(before).then(() => {
        resolve();
        if (this.#last.get(thing) === promise) this.#last.delete(thing);
      });
    }
  }

  async #comesInTime(before: Promise<void>): Promise<boolean> {
    const limit = new AbortController();
    const late = sleep(this.#options.limitMs, false, { signal: limit.signal }).catch(() => false);
    try {
      return await Promise.race([before.then(() => true), late]);
    } finally {
      limit.abort();
    }
  }
}
