import { Database } from '../database/database.ts';
import { PostgresJobQueue } from '../database/job-queue.ts';
import type { OrmOptions } from '../database/orm.ts';
import { examinationLimits } from './postgres-port.ts';

/** One statement gives so many another try. */
const BATCH = 1_000;

/** Gives orders that were set aside another try. @returns their ids @throws DatabaseError, CommitUnknownError */
export async function requeue(config: OrmOptions, which: string): Promise<readonly string[]> {
  const database = new Database({
    ...examinationLimits(config),
    // It is never started: there is one question to ask, not a service to run.
    probeIntervalMs: 1_000,
    onChange: () => {},
  });
  try {
    const queue = new PostgresJobQueue(database);
    const requeued: string[] = [];
    let batch: readonly string[];
    do {
      batch = await queue.requeue(which === 'all' ? 'all' : { orderId: which }, BATCH);
      requeued.push(...batch);
    } while (batch.length === BATCH);
    return requeued;
  } finally {
    await database.close();
  }
}
