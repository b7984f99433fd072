import { sql } from 'kysely';
import type { OrderInProgress, Progress, ProgressStore } from '../fulfilment/ports.ts';
import { FIRST_STATE } from '../orders/transitions.ts';
import type { Database } from './database.ts';
import { toOrder } from './order-repository.ts';
import { eventInsert, holdOrder, orderUpdate } from './order-statement.ts';
import { OrderStepSchema } from './schemas/fulfilment-schemas.ts';
import { OrderSchema } from './schemas/order-schema.ts';

/** The progress of orders in PostgreSQL. */
export class PostgresProgressStore implements ProgressStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(orderId: string): Promise<OrderInProgress | undefined> {
    return await this.#database.read(async (entityManager) => {
      const row = await entityManager.findOne(OrderSchema, { orderId }, { populate: ['items'] });
      if (row === null) {
        return undefined;
      }
      // Steps begin with the change to PROCESSING. If the order changes between the two reads, saving finds out.
      const steps =
        row.state === FIRST_STATE
          ? []
          : await entityManager.find(OrderStepSchema, { order: orderId }, { orderBy: { position: 'asc' } });
      return { order: toOrder(row), steps: steps.map(({ step, state }) => ({ step, state })) };
    });
  }

  /** One statement: the order is held as it was read, then changed, with its event, and its steps are marked. */
  async save({ before, after, steps, traceParent }: Progress): Promise<boolean> {
    const hasChanged = after.sequence !== before.sequence;
    const statement = sql`
      with held as (${holdOrder(before)})
      ${
        hasChanged
          ? sql`, changed as (${orderUpdate(after, sql`held`)}), event as (${eventInsert(after, { previousState: before.state, traceParent }, sql`held`)})`
          : sql``
      }, marked as (
        insert into order_steps as known (order_id, step, position, state)
        select held.order_id, news.step, (select coalesce(max(position), 0) from order_steps where order_id = held.order_id) + news.position, news.state
        from held, unnest(${steps.map(({ step }) => step)}::text[], ${steps.map(({ state }) => state)}::text[])
          with ordinality as news (step, state, position)
        on conflict (order_id, step) do update set state = excluded.state
        where known.state = 'BEGUN' or excluded.state = 'UNDONE')
      select order_id from held`;
    const { rows } = await this.#database.run((connection) => statement.execute(connection));
    return rows.length > 0;
  }
}
