/** Lets work on one thing wait for its turn in this process: whoever waits in the database holds a connection all the while. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  async take<T>(thing: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(thing);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(thing, promise);
    try {
      await before;
      return await work();
    } finally {
      resolve();
      if (this.#last.get(thing) === promise) this.#last.delete(thing);
    }
  }
}
