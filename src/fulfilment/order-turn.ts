import type { Logger } from 'pino';
import { z } from 'zod';
import type { OrderState } from '../orders/order.ts';
import { backoffMs } from './backoff.ts';
import type { JobQueue, JobTrace, ProgressStore, TraceJob } from './ports.ts';
import { processOrder } from './process-order.ts';
import type { Processor } from './processor.ts';
import { createStepRunner, StepError, type StepRunner } from './step-runner.ts';

export interface OrderTurnOptions {
  readonly store: ProgressStore;
  readonly queue: JobQueue;
  readonly processor: Processor;
  readonly stepLimitMs: number;
  readonly failuresMax: number;
  /** Aborts running steps. */
  readonly signal: AbortSignal;
  /** Whether the job is still ours: a worker that stood still must not touch what is another's by now. */
  readonly isOurs: () => boolean;
  readonly logger: Logger;
  /** Told of each change of an order that was committed. */
  readonly onChange: (state: OrderState) => void;
  /** Undefined: nothing is traced. */
  readonly traceJob?: TraceJob | undefined;
  /** Told when an order was set aside. */
  readonly onSetAside: () => void;
}

const payloadRule = z.object({
  orderId: z.string(),
  /** How often in a row the same step has failed, in the same direction. */
  failures: z.number().default(0),
  /** The step, or `undo <step>`. */
  step: z.string().optional(),
  /** The place in its trace at which the order was placed. */
  traceParent: z.string().optional(),
});

type Payload = z.output<typeof payloadRule>;

/** What the job of an order does: it takes the order as far as it goes, and sees to what follows where that is not the end. */
export class OrderTurn {
  readonly #options: OrderTurnOptions;
  readonly #runStep: StepRunner;

  constructor(options: OrderTurnOptions) {
    this.#options = options;
    const runStep = createStepRunner(options);
    this.#runStep = async (...step) => {
      this.#requireOurs();
      return await runStep(...step);
    };
  }

  /** @throws what the database throws, and a step that was aborted: the queue keeps the job then, and tries again */
  async take(payload: unknown): Promise<void> {
    const job = payloadRule.parse(payload);
    const { traceJob } = this.#options;
    await (traceJob === undefined
      ? this.#take(job, undefined)
      : traceJob({ orderId: job.orderId, traceParent: job.traceParent }, (trace) => this.#take(job, trace)));
  }

  async #take(job: Payload, trace: JobTrace | undefined): Promise<void> {
    const { orderId, traceParent } = job;
    const { queue, store, processor, onChange } = this.#options;
    const logger = trace === undefined ? this.#options.logger : this.#options.logger.child({ traceId: trace.traceId });
    try {
      const turn = await processOrder(orderId, {
        store,
        processor,
        runStep: trace === undefined ? this.#runStep : (...step) => trace.step(step[1], () => this.#runStep(...step)),
        now: () => new Date(),
        traceParent: trace?.traceParent,
        onChange: (state) => {
          trace?.note(state);
          onChange(state);
        },
      });
      if (turn.kind === 'later') {
        this.#requireOurs();
        await queue.again(orderId, { sequence: turn.sequence, failures: 0, afterMs: turn.afterMs, traceParent });
      } else {
        logger.debug({ orderId, state: turn.state }, 'an order has come to its end');
      }
    } catch (error) {
      if (!(error instanceof StepError) || this.#options.signal.aborted) {
        logger.warn({ orderId, err: error }, 'an order could not be processed: it is tried again');
        throw error;
      }
      await this.#afterFailure(job, error, logger);
    }
  }

  async #afterFailure(
    { orderId, step: earlierStep, failures: earlier, traceParent }: Payload,
    error: StepError,
    logger: Logger,
  ): Promise<void> {
    const { queue, failuresMax, onSetAside } = this.#options;
    this.#requireOurs();
    const { step, direction, sequence, message } = error;
    const failed = direction === 'undo' ? `undo ${step}` : step;
    const failures = failed === earlierStep ? earlier + 1 : 1;
    if (failures >= failuresMax) {
      await queue.setAside({ orderId, sequence, step, failures, lastError: message });
      logger.error({ orderId, step, failures, err: error }, 'an order was set aside: see `npm run doctor`');
      onSetAside();
      return;
    }
    const afterMs = backoffMs(failures);
    await queue.again(orderId, { sequence, failures, step: failed, afterMs, traceParent });
    logger.warn({ orderId, step, failures, afterMs, err: error }, 'a step has failed: it is tried again');
  }

  #requireOurs(): void {
    if (!this.#options.isOurs()) {
      throw new Error('the job was given to another worker meanwhile');
    }
  }
}
