import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Does something again and again, one after the other, until it is stopped. What fails is told, and done again the next time. */
export class Rounds {
  readonly #work: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(work: () => Promise<void>, intervalMs: number, logger: Logger) {
    this.#work = work;
    this.#intervalMs = intervalMs;
    this.#logger = logger;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#work();
      } catch (error) {
        this.#logger.warn({ err: error }, 'the round for lost orders failed: it is made again');
      }
      await sleep(this.#intervalMs, undefined, { signal }).catch(() => {});
    }
  }
}
