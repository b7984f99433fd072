import { sql } from 'kysely';
import { z } from 'zod';
import { JOB_KEY_PREFIX, tasks } from '../fulfilment/jobs.ts';
import type { WorkerIdentity, WorkerRegistry } from '../fulfilment/ports.ts';
import type { Database } from './database.ts';
import { orderIdsRule } from './order-statement.ts';

const deadWorkerRule = z.object({ worker_id: z.string(), jobs: z.coerce.number() });

/** Which workers live, in PostgreSQL, and what is done about jobs of those that do not. */
export class PostgresWorkerRegistry implements WorkerRegistry {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async heartbeat({ workerId, host, processId }: WorkerIdentity): Promise<void> {
    await this.#database.run((connection) =>
      sql`
        insert into workers (worker_id, host, process_id, started_at, heartbeat_at)
        values (${workerId}, ${host}, ${processId}, now(), now())
        on conflict (worker_id) do update set heartbeat_at = excluded.heartbeat_at`.execute(connection),
    );
  }

  /** Also gives its jobs back: whatever it still holds, its end could not be written down. */
  async leave({ workerId }: WorkerIdentity): Promise<void> {
    await this.#database.run((connection) =>
      sql`
        with gone as (delete from workers where worker_id = ${workerId} returning worker_id)
        select graphile_worker.force_unlock_workers(array[worker_id]) from gone`.execute(connection),
    );
  }

  /**
   * Gives jobs back that workers hold which have not been heard of for so long. The queue itself would wait for four hours.
   * @returns the workers, with how many jobs they held
   */
  async releaseDead(deadAfterMs: number): Promise<readonly { readonly workerId: string; readonly jobs: number }[]> {
    const deadSince = sql`now() - ${deadAfterMs} * interval '1 millisecond'`;
    const { rows } = await this.#database.run((connection) =>
      sql`
        with dead as (
          select locked_by as worker_id, count(*) as jobs from graphile_worker.jobs
          where locked_by is not null and locked_at < ${deadSince}
            and not exists (select from workers where worker_id = locked_by and heartbeat_at >= ${deadSince})
          group by locked_by),
        buried as (delete from workers where heartbeat_at < ${deadSince}),
        unlocked as (select graphile_worker.force_unlock_workers(array_agg(worker_id)) from dead having count(*) > 0)
        select worker_id, jobs from dead, (select count(*) from unlocked) as done`.execute(connection),
    );
    return z
      .array(deadWorkerRule)
      .parse(rows)
      .map(({ worker_id, jobs }) => ({ workerId: worker_id, jobs }));
  }

  /**
   * The queue takes each minute's clean-up for enqueued that a process has enqueued, also one whose clock is ahead: until then there
   * would be no other.
   * @returns whether it was so
   */
  async bringCleanUpBack(): Promise<boolean> {
    const { rows } = await this.#database.run((connection) =>
      sql`
        with crontab as (
          update graphile_worker._private_known_crontabs set last_execution = now()
          where identifier = ${tasks.cleanUp} and last_execution > now() + interval '2 minutes' returning identifier),
        job as (
          update graphile_worker._private_jobs set run_at = now()
          where task_id = (select id from graphile_worker._private_tasks where identifier = ${tasks.cleanUp})
            and locked_at is null and run_at > now() + interval '2 minutes' returning id)
        select from crontab union all select from job`.execute(connection),
    );
    return rows.length > 0;
  }

  /**
   * Sets orders aside whose job was claimed as often as allowed and never came to an end: whoever ran it died of it. The queue
   * would never touch such a job again. Jobs that a newer one has replaced are dropped.
   * @returns the ids of the orders
   */
  async setAsideExhausted(): Promise<readonly string[]> {
    const { rows } = await this.#database.run((connection) =>
      sql`
        with exhausted as (
          select id, attempts, last_error,
            case when task_identifier = ${tasks.processOrder} and key ~ ${`^${JOB_KEY_PREFIX}[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`}
              then substring(key from ${JOB_KEY_PREFIX.length + 1}::integer)::uuid end as order_id
          from graphile_worker.jobs where locked_at is null and attempts >= max_attempts),
        letters as (
          insert into dead_letters (order_id, sequence, step, failures, last_error, failed_at)
          select order_id, sequence, null, attempts,
            coalesce(last_error, 'a worker died each of the ' || attempts || ' times that it worked on this order'), now()
          from exhausted join orders using (order_id)
          on conflict (order_id) do nothing returning order_id),
        dropped as (select id from graphile_worker.complete_jobs((select array_agg(id) from exhausted)))
        select order_id from letters, (select count(*) from dropped) as done`.execute(connection),
    );
    return orderIdsRule.parse(rows);
  }
}
