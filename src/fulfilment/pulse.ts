import type { Logger } from 'pino';
import type { WorkerIdentity, WorkerRegistry } from './ports.ts';

export interface PulseOptions {
  readonly registry: WorkerRegistry;
  readonly host: string;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly logger: Logger;
}

/**
 * Says again and again that this worker is alive. If it could not, because the database or the process itself stood still, its jobs
 * may have gone to others: it takes itself for dead, and whoever started it begins anew, under another name.
 */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #lost = new AbortController();
  #worker: WorkerIdentity | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beat: Promise<void> = Promise.resolve();
  #seenAtMs = performance.now();
  #ended = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Aborted when this worker has to take itself for dead. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether what this worker has locked is certainly still its own. */
  get isFresh(): boolean {
    return !this.#lost.signal.aborted && !this.#isOverdue();
  }

  begin(workerId: string): void {
    this.#worker = { workerId, host: this.#options.host, processId: process.pid };
    this.#seenAtMs = performance.now();
    this.#next(0);
  }

  /** Takes this worker for dead. */
  lose(reason: unknown): void {
    if (!this.#lost.signal.aborted) {
      this.#options.logger.warn({ err: reason }, 'this worker gives its orders up, and begins anew');
      this.#lost.abort(reason);
    }
  }

  /** Leaves, so that nobody has to wait for its death. Nothing of it may run any more. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#beat;
    try {
      if (this.#worker !== undefined) {
        await this.#options.registry.leave(this.#worker);
      }
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a worker could not say farewell: it will be taken for dead');
    }
  }

  #next(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#beat = this.#once();
    }, delayMs);
  }

  async #once(): Promise<void> {
    const { registry, logger, heartbeatMs, deadAfterMs } = this.#options;
    const beganAtMs = performance.now();
    try {
      if (this.#worker !== undefined && this.isFresh) {
        await registry.heartbeat(this.#worker);
        // What it has been late for is not made up for.
        this.#seenAtMs = this.isFresh ? beganAtMs : this.#seenAtMs;
      }
    } catch (error) {
      logger.debug({ err: error }, 'a heartbeat failed');
    }
    if (this.#isOverdue()) {
      this.lose(new Error(`this worker was not heard of for ${deadAfterMs} ms`));
    }
    if (!this.#ended) {
      this.#next(Math.min(heartbeatMs, deadAfterMs / 3));
    }
  }

  #isOverdue(): boolean {
    return performance.now() - this.#seenAtMs > this.#options.deadAfterMs;
  }
}
