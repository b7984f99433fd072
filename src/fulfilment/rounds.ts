import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface RoundsOptions {
  readonly work: () => Promise<void>;
  readonly intervalMs: number;
  readonly logger: Logger;
  /** What the log says of a round that has failed. */
  readonly failure: string;
}

/** Does something again and again, one after the other, until it is stopped. What fails is told, and done again the next time. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { work, intervalMs, logger, failure } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        logger.warn({ err: error }, failure);
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
    }
  }
}
