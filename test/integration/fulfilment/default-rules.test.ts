import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createdOrder,
  createOrder,
  euros,
  getOrder,
  orderItem,
  orderRequest,
  readOrder,
} from '../../support/order-requests.ts';
import { until } from '../faults/until.ts';
import { confirmedStory, openStage, rejectedStory, type Stage, settled, stateOf, storyOf } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ FULFILMENT_ENABLED: 'true' });
}, 60_000);

afterAll(async () => {
  await stage.close();
}, 60_000);

async function placeItem(sku: string, units = 4n): Promise<string> {
  const items = [orderItem(), orderItem({ sku, quantity: 1, unitPrice: euros(units) })];
  return createdOrder(await createOrder(stage.service.client, orderRequest({ items }), { key: `${sku}-${units}` }))
    .orderId;
}

test.concurrent.each([
  ['tea', 4n, 'CONFIRMED', '', confirmedStory],
  ['tea', 999_990n, 'CONFIRMED', '', confirmedStory],
  ['sold-out-mug', 4n, 'REJECTED', 'sold-out-mug is sold out', rejectedStory],
  ['tea', 1_000_000n, 'REJECTED', '1000009 EUR is above the limit of 1000000', rejectedStory],
] as const)('%s for %d euros: the order becomes %s by itself', async (sku, units, state, stateReason, story) => {
  const orderId = await placeItem(sku, units);
  await settled(stage.audit, orderId, state);
  const order = readOrder(await getOrder(stage.service.client, orderId));
  expect(order).toMatchObject({ stateReason, sequence: story.length });
  expect(await storyOf(stage.audit, orderId)).toEqual(story);
});

test.concurrent('what is made to order waits until the order is 30 seconds old, and is no failure meanwhile', async () => {
  const orderId = await placeItem('made-to-order-desk');
  const job = `from graphile_worker._private_jobs where key = 'order:' || $1`;
  const isWaiting = `select payload ->> 'failures' as failures ${job} and run_at > now() + interval '15 s' and locked_at is null`;
  await until('the job waits', async () => (await stage.audit.run(isWaiting, [orderId])).length === 1);
  expect(await stage.audit.run(isWaiting, [orderId])).toEqual([{ failures: '0' }]);
  expect(await stateOf(stage.audit, orderId)).toBe('PROCESSING');
  await stage.audit.run(`update orders set created_at = created_at - interval '30 s' where order_id = $1`, [orderId]);
  await stage.audit.run(`update graphile_worker._private_jobs set run_at = now() where key = 'order:' || $1`, [
    orderId,
  ]);
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(await storyOf(stage.audit, orderId)).toEqual(confirmedStory);
});
