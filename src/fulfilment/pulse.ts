import type { Logger } from 'pino';
import type { WorkerRegistry } from './ports.ts';

export interface PulseOptions {
  readonly registry: WorkerRegistry;
  /** Done behind each heartbeat. */
  readonly maintenance: () => Promise<void>;
  readonly host: string;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly logger: Logger;
}

/**
 * Says again and again that this worker is alive. If it could not, because the database or the process itself stood still, its jobs
 * may have gone to others: they are let go.
 */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #lost = new AbortController();
  #workerId: string | undefined;
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
    return performance.now() - this.#seenAtMs <= this.#options.deadAfterMs;
  }

  begin(workerId: string): void {
    this.#workerId = workerId;
    this.#seenAtMs = performance.now();
    this.#next(0);
  }

  /** Leaves, so that nobody has to wait for its death. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#beat;
    const worker = this.#identity();
    if (worker !== undefined) {
      await this.#options.registry.leave(worker).catch((error: unknown) => {
        this.#options.logger.debug({ err: error }, 'a worker could not say farewell: it will be taken for dead');
      });
    }
  }

  #next(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#beat = this.#once();
    }, delayMs);
  }

  async #once(): Promise<void> {
    const { registry, maintenance, logger, heartbeatMs, deadAfterMs } = this.#options;
    const worker = this.#identity();
    const beganAtMs = performance.now();
    this.#loseIfOverdue();
    try {
      if (worker !== undefined) {
        await registry.heartbeat(worker);
        this.#seenAtMs = beganAtMs;
      }
      await maintenance();
    } catch (error) {
      logger.debug({ err: error }, 'a heartbeat failed');
    }
    this.#loseIfOverdue();
    if (!this.#ended) {
      this.#next(Math.min(heartbeatMs, deadAfterMs / 3));
    }
  }

  #loseIfOverdue(): void {
    if (!this.isFresh && !this.#lost.signal.aborted) {
      this.#options.logger.warn('this worker was not heard of for too long: its orders go to others');
      this.#lost.abort(new Error('this worker was not heard of for too long'));
    }
  }

  #identity() {
    const { host } = this.#options;
    return this.#workerId === undefined ? undefined : { workerId: this.#workerId, host, processId: process.pid };
  }
}
