import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCronItems, Logger as QueueLogger, type Runner, run, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { JOB_SCHEMA, tasks } from './jobs.ts';
import { OrderTurn, type OrderTurnOptions } from './order-turn.ts';
import type { WorkerRegistry } from './ports.ts';
import { Pulse } from './pulse.ts';

export interface WorkerOptions extends Omit<OrderTurnOptions, 'signal' | 'isOurs'> {
  /** Opens connections for the queue alone; told when the end of a job could not be written down. */
  readonly openPool: (onEndLost: (error: unknown) => void) => Pool;
  readonly registry: WorkerRegistry;
  /** The clean-up, which one of all processes does at a time. */
  readonly cleanUp: (signal: AbortSignal) => Promise<void>;
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
    options: {
      backfillPeriod: 0,
      maxAttempts: 1,
      // A run that takes longer than a minute keeps the next one waiting.
      queueName: tasks.cleanUp,
      jobKey: tasks.cleanUp,
      // A process whose clock is ahead must not push the time away, again and again.
      jobKeyMode: 'preserve_run_at',
    },
  },
]);

/** Works on jobs until it is stopped; opens the queue again whenever that fails. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  /** Aborted some time after a stop has begun: running steps have had their time. */
  readonly #late = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#keepRunning();
  }

  /** Takes no new jobs, lets running steps go on for a while, then aborts them; they are taken up again elsewhere. */
  async stop(): Promise<void> {
    const reason = new Error('the worker is stopping');
    this.#stopping.abort(reason);
    const timer = setTimeout(() => this.#late.abort(reason), this.#options.drainLimitMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #keepRunning(): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#runUntilItEnds();
      } catch (error) {
        logger.warn({ err: error }, 'the queue has failed: it is opened again');
      }
      await sleep(RESTART_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Runs until it is stopped, or has to take itself for dead. */
  async #runUntilItEnds(): Promise<void> {
    const { concurrency, drainLimitMs, logger, openPool } = this.#options;
    const pulse = new Pulse(this.#options);
    const pool = openPool((error) => pulse.lose(error));
    const events: WorkerEvents = new EventEmitter();
    // The pool's id is what it locks jobs with.
    events.on('pool:create', ({ workerPool }) => pulse.begin(workerPool.id));
    const turns = new OrderTurn({
      ...this.#options,
      signal: AbortSignal.any([pulse.lost, this.#late.signal]),
      isOurs: () => pulse.isFresh,
    });
    try {
      const runner = await run({
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
      await this.#stopInTime(runner, pulse.lost);
    } finally {
      await pulse.end();
      // Not waited for: a connection that hangs ends when the guard against silence destroys it.
      pool.end().catch((error: unknown) => logger.debug({ err: error }, 'the pool of the queue did not end well'));
    }
  }

  /** Waits until the runner ends by itself, or is to be stopped, and stops it. */
  async #stopInTime(runner: Runner, lost: AbortSignal): Promise<void> {
    const { drainLimitMs, logger } = this.#options;
    const ended = runner.promise.then(() => 'ended' as const);
    const toStop = Promise.withResolvers<'toStop'>();
    const onAbort = () => toStop.resolve('toStop');
    const signals = [this.#stopping.signal, lost];
    for (const signal of signals) {
      signal.addEventListener('abort', onAbort);
    }
    if (signals.some(({ aborted }) => aborted)) {
      onAbort();
    }
    try {
      if ((await Promise.race([ended, toStop.promise])) === 'ended') {
        return;
      }
    } finally {
      for (const signal of signals) {
        signal.removeEventListener('abort', onAbort);
      }
    }
    // The queue may sleep, for up to a minute and a half, before it notices.
    const limit = sleep(drainLimitMs + STOP_MARGIN_MS, 'late' as const, { ref: false });
    const stopped = runner.stop().then(() => ended);
    stopped.catch((error: unknown) => logger.debug({ err: error }, 'the queue did not stop well'));
    if ((await Promise.race([stopped, limit])) === 'late') {
      logger.warn('the queue did not stop in time: it is left to itself');
    }
  }

  async #cleanUp(): Promise<void> {
    try {
      await this.#options.cleanUp(this.#stopping.signal);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the clean-up failed: it begins again in a minute');
      throw error;
    }
  }
}

/** What a stop may take beyond the time of running steps. */
const STOP_MARGIN_MS = 2_000;

/** What the queue says of itself is for whoever looks for a fault in it; what it fails at is told by us. */
function queueLogger(logger: Logger): QueueLogger {
  return new QueueLogger(() => (level, message) => logger.debug({ level }, `queue: ${message}`));
}
