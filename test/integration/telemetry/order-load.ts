import type { Client } from '@grpc/grpc-js';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import type { OpenStores } from '../orders/stores.ts';

/** Makes orders of the customer `slow` take some time, so that their duplicates wait. */
export async function slowDownOrders(audit: OpenStores['audit']): Promise<void> {
  await audit.run(
    `create function take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return new; end $$;
    create trigger takes_time before insert on orders for each row when (new.customer_id = 'slow') execute function take_time()`,
  );
}

/** Some of everything that callers do: orders, retries at once and later, keys used twice, what is invalid, what comes too late. */
export async function makeLoad(client: Client, round: number): Promise<void> {
  const key = `load-${round}`;
  const request = orderRequest({ customerId: key });
  const { orderId } = createdOrder(await createOrder(client, request, { key }));
  const slow = orderRequest({ customerId: 'slow', note: key });
  await Promise.all([
    createOrder(client, request, { key }),
    createOrder(client, orderRequest({ customerId: 'another' }), { key }),
    createOrder(client, orderRequest({ customerId: '' }), { key: `invalid-${round}` }),
    createOrder(client, slow),
    createOrder(client, slow),
    getOrder(client, orderId),
    cancelOrder(client, orderId, { key: `cancel-${round}` }),
  ]);
}
