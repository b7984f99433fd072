import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { misbehave, raise } from '../../integration/faults/misbehaviour.ts';
import { countsOf, inWords, NO_ORDER, place } from '../../integration/faults/named-orders.ts';
import { until } from '../../integration/faults/until.ts';
import { settled } from '../../integration/fulfilment/stage.ts';
import { recordIdOf } from '../../integration/orders/record-names.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, orderItem, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { watchOrder } from '../../support/watch-call.ts';

// D13: mikro-orm/mikro-orm#6698. What was to follow a commit ran before it, and the commit failed.

let stores: OpenStores;
let service: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, settings: { FULFILMENT_ENABLED: 'true' } });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

/** Everything in the stream, as text. */
const published = async () => JSON.stringify(await stores.redisClient.xrange('orders.events', '-', '+'));

async function recordIn(key: string, method?: string): Promise<readonly string[]> {
  return await stores.redisClient.keys(`orders:*:{${recordIdOf(key, method)}}`);
}

test('D13 nothing follows a commit that fails: of a refused order there is no record, no job, no event, and its retry is the first', async () => {
  const misbehaviour = await misbehave(stores.databaseUrl, 'deferred', raise('23514'), 'commit');
  expect(inWords(await place(service.client, 'deferred'))).toBe('INTERNAL DATABASE_REFUSED');
  // One that is placed and published behind it: by then the other would have been, too.
  const next = createdOrder(await place(service.client, 'next'));
  await until('the next one is published', async () => (await published()).includes(next.orderId));
  expect(await countsOf(stores.databaseUrl, 'deferred')).toEqual(NO_ORDER);
  expect(await recordIn('deferred')).toEqual([]);
  const events = await stores.audit.run('select distinct order_id from order_events');
  expect(events).toEqual([{ order_id: next.orderId }]);
  expect(
    (await stores.audit.run('select key from graphile_worker.jobs')).filter(
      ({ key }) => key !== `order:${next.orderId}`,
    ),
  ).toEqual([]);
  await misbehaviour.stop();
  const placed = await place(service.client, 'deferred');
  expect(inWords(placed)).toBe('OK executed');
  await settled(stores.audit, createdOrder(placed).orderId, 'CONFIRMED');
});

test('D13 nothing follows a commit that fails: an order whose cancellation is refused stays as it was, and nobody hears of it', async () => {
  // Made to order: it is under way for long.
  const items = [orderItem({ sku: 'made-to-order-desk' })];
  const { orderId } = createdOrder(
    await createOrder(service.client, orderRequest({ customerId: 'cancelled', items }), { key: 'cancelled' }),
  );
  using watched = watchOrder(service.client, orderId);
  await until('it is under way', () => watched.story.some((line) => line.endsWith('PROCESSING')));
  const before = watched.story.length;
  await stores.audit.run(
    `create function refuse() returns trigger language plpgsql as $$ begin ${raise('23514').replace('times', "'now'")}; end $$`,
  );
  await stores.audit.run(
    `create constraint trigger refuses after update on orders deferrable initially deferred for each row
      when (new.state = 'CANCELLED') execute function refuse()`,
  );
  const cancel = () => cancelOrder(service.client, orderId, { key: 'cancel-it' });
  expect(inWords(await cancel())).toBe('INTERNAL DATABASE_REFUSED');
  expect(await recordIn('cancel-it', '/orders.v1.OrderService/CancelOrder')).toEqual([]);
  expect(await stores.audit.run('select state, sequence from orders where order_id = $1', [orderId])).toEqual([
    { state: 'PROCESSING', sequence: 2 },
  ]);
  expect(await published()).not.toContain('CANCELLED');
  await stores.audit.run('drop function refuse cascade');
  expect(inWords(await cancel())).toBe('OK executed');
  await watched.ended;
  expect(watched.story.slice(before)).toEqual(['event 3 CANCELLED']);
});
