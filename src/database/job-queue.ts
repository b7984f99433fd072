import { type RawBuilder, sql } from 'kysely';
import { JOB_KEY_PREFIX } from '../fulfilment/jobs.ts';
import type { DeadLetter, JobQueue, NextTurn } from '../fulfilment/ports.ts';
import { unfinishedStates } from '../orders/transitions.ts';
import type { Database } from './database.ts';
import { jobInsert, orderIdsRule } from './order-statement.ts';

/** The jobs that process orders, in graphile-worker's tables, and the orders that were set aside. */
export class PostgresJobQueue implements JobQueue {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The order is locked meanwhile, so that a cancellation comes either before, and is seen, or after, and sees this job. */
  async again(orderId: string, next: NextTurn): Promise<void> {
    await this.#database.run((connection) =>
      sql`
        with held as (
          select case when sequence = ${next.sequence}::integer then ${next.afterMs}::double precision else 0 end as after_ms
          from orders where order_id = ${orderId}::uuid for no key update)
        select job.id from held, ${jobInsert(orderId, next, sql`held.after_ms`)}`.execute(connection),
    );
  }

  async setAside({ orderId, sequence, step, failures, lastError }: DeadLetter): Promise<void> {
    await this.#database.run((connection) =>
      sql`
        insert into dead_letters (order_id, sequence, step, failures, last_error, failed_at)
        select order_id, ${sequence}::integer, ${step ?? null}, ${failures}::integer, ${lastError}, now()
        from orders where order_id = ${orderId}::uuid
        on conflict (order_id) do update set
          sequence = excluded.sequence, step = excluded.step, failures = excluded.failures, last_error = excluded.last_error,
          failed_at = excluded.failed_at
      `.execute(connection),
    );
  }

  /**
   * Gives orders that were set aside another try, oldest first.
   * @param which an order's id; `all`; or `changed`: those that have changed since, for what was begun for them is to be undone
   * @returns the ids of the orders
   */
  async requeue(which: { readonly orderId: string } | 'all' | 'changed', limit: number): Promise<readonly string[]> {
    const { rows } = await this.#database.run((connection) =>
      sql`
        with chosen as (
          select dead_letters.order_id from dead_letters join orders using (order_id) where ${condition(which)}
          order by failed_at limit ${limit} for update of dead_letters skip locked),
        revived as (
          delete from dead_letters using chosen where dead_letters.order_id = chosen.order_id returning dead_letters.order_id)
        select revived.order_id, job.id from revived, ${jobInsert(sql`revived.order_id`)}`.execute(connection),
    );
    return orderIdsRule.parse(rows);
  }

  /**
   * Enqueues unfinished orders that have no job, and were not set aside. There are none, unless somebody has emptied the queue, or
   * the orders are older than it.
   * @param olderThanMs younger ones are left alone
   */
  async adopt(olderThanMs: number, limit: number): Promise<readonly string[]> {
    const { rows } = await this.#database.run((connection) =>
      sql`
        with orphans as (
          select order_id from orders
          where state in (${sql.join(unfinishedStates)}) and updated_at < now() - ${olderThanMs} * interval '1 millisecond'
            and not exists (select from graphile_worker.jobs where key = ${JOB_KEY_PREFIX} || orders.order_id)
            and not exists (select from dead_letters where dead_letters.order_id = orders.order_id)
          order by order_id limit ${limit})
        select orphans.order_id, job.id from orphans, ${jobInsert(sql`orphans.order_id`)}`.execute(connection),
    );
    return orderIdsRule.parse(rows);
  }
}

function condition(which: { readonly orderId: string } | 'all' | 'changed'): RawBuilder<unknown> {
  if (which === 'all') {
    return sql`true`;
  }
  return which === 'changed'
    ? sql`orders.sequence > dead_letters.sequence`
    : sql`dead_letters.order_id = ${which.orderId}::uuid`;
}
