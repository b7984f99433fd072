import type { Logger } from 'pino';
import type { WorkerRegistry } from './ports.ts';

/** Where orders are found that nobody would look at again. */
export interface LostOrders {
  requeue(which: 'changed', limit: number): Promise<readonly string[]>;
  adopt(olderThanMs: number, limit: number): Promise<readonly string[]>;
}

export interface MaintenanceOptions {
  readonly registry: Pick<WorkerRegistry, 'releaseDead' | 'setAsideExhausted' | 'bringCleanUpBack'>;
  readonly queue: LostOrders;
  readonly deadAfterMs: number;
  readonly logger: Logger;
  /** Told when orders were set aside. */
  readonly onSetAside: () => void;
}

const ORDERS_MAX = 1_000;

/** Orders without a job are looked for so often, and only if they are older than that. */
const ADOPTION_MS = 60_000;

/**
 * Makes the round of a worker: jobs of dead workers are given back, deadly jobs are set aside, orders that were cancelled after they
 * had been set aside get another try, and orders without a job get one. Several workers may make it at once.
 * @returns the round; it throws what has failed, after all of it was tried
 */
export function createMaintenance({
  registry,
  queue,
  deadAfterMs,
  logger,
  onSetAside,
}: MaintenanceOptions): () => Promise<void> {
  let adoptionAtMs = Number.NEGATIVE_INFINITY;
  const releaseDead = async () => {
    for (const { workerId, jobs } of await registry.releaseDead(deadAfterMs)) {
      logger.warn({ workerId, jobs }, 'a worker has died: its jobs go to others');
    }
  };
  const setAside = async () => {
    for (const orderId of await registry.setAsideExhausted()) {
      logger.error({ orderId }, 'an order was set aside, for its workers died again and again: see `npm run doctor`');
      onSetAside();
    }
  };
  const requeueChanged = async () => {
    for (const orderId of await queue.requeue('changed', ORDERS_MAX)) {
      logger.info({ orderId }, 'an order that had been set aside was cancelled: what was begun for it is undone');
    }
  };
  const adopt = async () => {
    if (performance.now() - adoptionAtMs < ADOPTION_MS) {
      return;
    }
    adoptionAtMs = performance.now();
    for (const orderId of await queue.adopt(ADOPTION_MS, ORDERS_MAX)) {
      logger.warn({ orderId }, 'an order had no job: it was given one');
    }
  };
  const bringCleanUpBack = async () => {
    if (await registry.bringCleanUpBack()) {
      logger.warn('the clean-up was put off by a process whose clock is ahead: it is due again');
    }
  };
  return async () => {
    const failures: unknown[] = [];
    for (const part of [releaseDead, setAside, requeueChanged, bringCleanUpBack, adopt]) {
      await part().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, 'parts of the round failed');
    }
  };
}
