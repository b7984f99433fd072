import type { Client } from '@grpc/grpc-js';
import { pino } from 'pino';
import { takeEventLead } from '../../src/database/event-log.ts';
import { EventRelay } from '../../src/events/event-relay.ts';
import type { Order } from '../../src/generated/orders/v1/order.ts';
import { CancelOrderResponse, OrderServiceService } from '../../src/generated/orders/v1/order_service.ts';
import type { OrderState } from '../../src/orders/order.ts';
import { answerOf } from './order-requests.ts';
import { testConfig } from './test-config.ts';
import { type CallOptions, type CallResult, unaryCall } from './unary-call.ts';

/** Cancels an order; without another reason it has none. */
export function cancelOrder(
  client: Client,
  orderId: string,
  { reason = '', ...options }: CallOptions & { readonly reason?: string } = {},
): Promise<CallResult> {
  return unaryCall(client, OrderServiceService.cancelOrder, { orderId, reason }, options);
}

/** The order in the answer of CancelOrder; any other status fails the test with its text. */
export function cancelledOrder(result: CallResult): Order {
  const { order } = CancelOrderResponse.decode(answerOf(result));
  if (order === undefined) throw new Error('the answer has no order');
  return order;
}

/** Runs a statement past the service. */
type Run = (statement: string, values: readonly unknown[]) => Promise<unknown>;

/** Lets an order come to a state, with its event in the same statement, as a worker does. */
export async function moveOrder(run: Run, orderId: string, to: OrderState, reason = ''): Promise<void> {
  await run(
    `with before as (select order_id, state from orders where order_id = $1::uuid for update),
    changed as (
      update orders set state = $2, state_reason = $3, sequence = sequence + 1, updated_at = greatest(updated_at, now())
      from before where orders.order_id = before.order_id
      returning orders.order_id, orders.sequence, before.state as previous_state, orders.updated_at)
    insert into order_events (order_id, sequence, previous_state, state, reason, occurred_at)
    select order_id, sequence, previous_state, $2, $3, updated_at from changed`,
    [orderId, to, reason],
  );
}

/** Numbers the events of a database, so that watchers hear of them, where no worker does it. */
export function startTestRelay(databaseUrl: string): AsyncDisposable & { stop(): Promise<void> } {
  const { database } = testConfig({ databaseUrl });
  const relay = new EventRelay({
    takeLead: (signal) => takeEventLead(database, signal),
    stream: undefined,
    streamLengthMax: 1_000,
    intervalMs: 10,
    logger: pino({ level: 'silent' }),
    onNumbered: () => {},
  });
  relay.start();
  const stop = () => relay.stop();
  return { stop, [Symbol.asyncDispose]: stop };
}
