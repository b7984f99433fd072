import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { createOrm } from '../../src/database/orm.ts';
import { OrderEventSchema } from '../../src/database/schemas/order-event-schema.ts';
import { OrderItemSchema, OrderSchema } from '../../src/database/schemas/order-schema.ts';
import { CLAIMS_MAX, JOB_KEY_PREFIX, tasks } from '../../src/fulfilment/jobs.ts';
import type { CreateOrderRequest, CreateOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { placeOrder } from '../../src/orders/place-order.ts';
import { checkRequest } from '../../src/orders/validation/check-request.ts';
import { draftRule } from '../../src/orders/validation/draft-rule.ts';
import { toOrderMessage } from '../../src/transport/order-messages.ts';
import { configuration } from './configuration.ts';
import { dieIfTold } from './death.ts';

/** Places an order, and gives its answer. @param key the caller's idempotency key */
export type UnitOfWork = (request: CreateOrderRequest, key: string) => Promise<CreateOrderResponse>;

/**
 * An order as it is written today: an entity manager for each call, its unit of work in a transaction, and in it the job that processes the
 * order. What is committed is what the service commits, but for the ledger; and, if WITHOUT_JOB is set, the job.
 */
export function unitOfWork(): UnitOfWork {
  const hasJob = process.env['WITHOUT_JOB'] === undefined;
  const orm = createOrm(configuration.database);
  return async (request, key) => {
    const order = placeOrder(checkRequest(draftRule, request));
    await orm.em.fork().transactional(async (em) => {
      const row = em.create(OrderSchema, {
        orderId: order.orderId,
        customerId: order.customerId,
        state: order.state,
        stateReason: order.stateReason,
        sequence: order.sequence,
        currency: order.total.currency,
        totalUnits: order.total.units,
        totalNanos: order.total.nanos,
        note: order.note,
        labels: order.labels,
        createdAt: order.createTime,
        updatedAt: order.updateTime,
        recordId: createHash('sha256').update(key).digest(),
      });
      for (const [position, { sku, quantity, unitPrice }] of order.items.entries()) {
        em.create(OrderItemSchema, {
          order: row,
          position,
          sku,
          quantity,
          priceUnits: unitPrice.units,
          priceNanos: unitPrice.nanos,
        });
      }
      em.create(OrderEventSchema, {
        order: row,
        sequence: order.sequence,
        state: order.state,
        reason: order.stateReason,
        occurredAt: order.updateTime,
      });
      await em.flush();
      if (hasJob) {
        await sql`select from graphile_worker.add_job(
          ${tasks.processOrder}, json_build_object('orderId', ${order.orderId}::text, 'failures', 0),
          job_key => ${JOB_KEY_PREFIX + order.orderId}, max_attempts => ${CLAIMS_MAX}::integer)`.execute(
          em.getKysely(),
        );
      }
    });
    dieIfTold(key);
    return { order: toOrderMessage(order) };
  };
}
