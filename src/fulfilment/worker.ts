import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCronItems, Logger as QueueLogger, type Runner, run, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type CleanUpOptions, cleanUp } from './clean-up.ts';
import { JOB_SCHEMA, tasks } from './jobs.ts';
import { OrderTurn, type OrderTurnOptions } from './order-turn.ts';
import type { WorkerRegistry } from './ports.ts';
import { Pulse } from './pulse.ts';

export interface WorkerOptions extends Omit<OrderTurnOptions, 'signal' | 'isOurs'> {
  /** Connections for the queue alone. */
  readonly pool: Pool;
  readonly registry: WorkerRegistry;
  /** What every worker does now and then, beside its jobs. */
  readonly maintenance: () => Promise<void>;
  readonly cleanUp: CleanUpOptions;
  readonly host: string;
  readonly concurrency: number;
  readonly drainLimitMs: number;
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly logger: Logger;
}

/** A queue that has failed, because the database has gone, is opened again after this. */
const RESTART_MS = 1_000;

/** Jobs that are due later are looked for so often; new ones are told of at once. */
const POLL_MS = 1_000;

/** The clean-up runs each minute, in one of all processes. */
const cronItems = parseCronItems([
  {
    task: tasks.cleanUp,
    match: '* * * * *',
    identifier: tasks.cleanUp,
    // A run that takes longer than a minute keeps the next one waiting.
    options: { backfillPeriod: 0, maxAttempts: 1, queueName: tasks.cleanUp, jobKey: tasks.cleanUp },
  },
]);

/** Works on jobs until it is stopped; opens the queue again whenever that fails. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #runner: Runner | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#keepRunning();
  }

  /** Takes no new jobs, lets running steps go on for a while, then aborts them; they are taken up again elsewhere. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the worker is stopping'));
    await this.#stopRunner();
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    const { logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#runUntilItFails();
      } catch (error) {
        logger.warn({ err: error }, 'the queue has failed: it is opened again');
      }
      await sleep(RESTART_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  async #runUntilItFails(): Promise<void> {
    const { pool, concurrency, drainLimitMs, logger } = this.#options;
    const events: WorkerEvents = new EventEmitter();
    const pulse = new Pulse(this.#options);
    // The pool's id is what it locks jobs with.
    events.on('pool:create', ({ workerPool }) => pulse.begin(workerPool.id));
    const signal = this.#stepSignal(pulse.lost);
    const turns = new OrderTurn({ ...this.#options, signal, isOurs: () => pulse.isFresh });
    try {
      this.#runner = await run({
        pgPool: pool,
        schema: JOB_SCHEMA,
        events,
        concurrency,
        pollInterval: POLL_MS,
        noHandleSignals: true,
        gracefulShutdownAbortTimeout: drainLimitMs,
        logger: queueLogger(logger),
        parsedCronItems: cronItems,
        taskList: {
          [tasks.processOrder]: (payload) => turns.take(payload),
          [tasks.cleanUp]: () => this.#cleanUp(),
        },
      });
      if (this.#stopping.signal.aborted) {
        await this.#stopRunner();
      }
      await this.#runner.promise;
    } finally {
      this.#runner = undefined;
      await pulse.end();
    }
  }

  async #stopRunner(): Promise<void> {
    try {
      await this.#runner?.stop();
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the queue was stopping already');
    }
  }

  /** Aborted when jobs are no longer ours, and some time after a stop has begun. */
  #stepSignal(lost: AbortSignal): AbortSignal {
    const late = new AbortController();
    const onStop = () =>
      void setTimeout(() => late.abort(this.#stopping.signal.reason), this.#options.drainLimitMs).unref();
    this.#stopping.signal.addEventListener('abort', onStop, { once: true });
    return AbortSignal.any([lost, late.signal]);
  }

  async #cleanUp(): Promise<void> {
    const deleted = await cleanUp(this.#options.cleanUp, this.#stopping.signal);
    this.#options.logger.debug({ deleted }, 'cleaned up');
  }
}

/** What the queue says of itself is for whoever looks for a fault in it; what it fails at is told by us. */
function queueLogger(logger: Logger): QueueLogger {
  return new QueueLogger(() => (level, message) => logger.debug({ level }, `queue: ${message}`));
}
