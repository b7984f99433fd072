import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { CLAIMS_MAX, JOB_KEY_PREFIX, tasks } from '../fulfilment/jobs.ts';
import type { NextTurn } from '../fulfilment/ports.ts';
import type { Order, OrderState } from '../orders/order.ts';
import type { OrderEvent } from '../orders/order-event.ts';
import type { OrderEventRow } from './schemas/order-event-schema.ts';

// Parts of statements: an order's change, its event and its job are always one statement, and so one transaction.

/** The ids in rows that a statement gives for orders. */
export const orderIdsRule = z.array(z.object({ order_id: z.string() }).transform((row) => row.order_id));

/** Gives a row, locked until the commit, if the order is still as it was read. */
export function holdOrder({ orderId, sequence }: Order): RawBuilder<unknown> {
  return sql`select order_id from orders where order_id = ${orderId}::uuid and sequence = ${sequence}::integer for no key update`;
}

/** Writes what a change has changed. @param source the part of the statement that must have given a row before */
export function orderUpdate(after: Order, source: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    update orders set
      state = ${after.state}, state_reason = ${after.stateReason}, sequence = ${after.sequence}::integer,
      updated_at = ${after.updateTime}::timestamptz
    from ${source} where orders.order_id = ${after.orderId}::uuid`;
}

/** The event of an order's last change. @param source the part of the statement that must have given a row before */
export function eventInsert(
  after: Order,
  { previousState, traceParent }: Pick<OrderEvent, 'traceParent'> & { readonly previousState: OrderState },
  source: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at, trace_parent)
    select
      ${after.orderId}::uuid, ${after.sequence}::integer, ${previousState}, ${after.state}, ${after.stateReason},
      ${after.updateTime}::timestamptz, ${traceParent ?? null}
    from ${source}`;
}

/**
 * The job that processes an order, as something to select from: it is enqueued once for each row of what it is joined with.
 * @param orderId the id, or where in those rows it stands
 * @param afterMs how long it waits, or where in those rows that stands
 */
export function jobInsert(
  orderId: string | RawBuilder<unknown>,
  { failures, step, traceParent }: Pick<NextTurn, 'failures' | 'step' | 'traceParent'> = { failures: 0 },
  afterMs: RawBuilder<unknown> = sql`0`,
): RawBuilder<unknown> {
  const id = typeof orderId === 'string' ? sql`${orderId}` : orderId;
  return sql`lateral graphile_worker.add_job(
    ${tasks.processOrder}, 
    json_strip_nulls(json_build_object(
      'orderId', ${id}::text, 'failures', ${failures}::integer, 'step', ${step ?? null}::text, 'traceParent', ${traceParent ?? null}::text)),
    job_key => ${JOB_KEY_PREFIX} || ${id}::text, max_attempts => ${CLAIMS_MAX}::integer,
    run_at => now() + ${afterMs} * interval '1 millisecond') as job`;
}

export function toOrderEvent(row: OrderEventRow): OrderEvent {
  return {
    orderId: row.order.orderId,
    sequence: row.sequence,
    previousState: row.previousState ?? undefined,
    state: row.state,
    reason: row.reason,
    time: row.occurredAt,
    traceParent: row.traceParent ?? undefined,
  };
}
