import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getOrder, readOrder } from '../../support/order-requests.ts';
import { until } from '../faults/until.ts';
import { openStage, place, rejectedStory, type Stage, settled, stateOf, storyOf } from './stage.ts';

// A processor that says everything in a text that can be neither kept nor sent as it is.

const FAILURES_MAX = 2;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    FULFILMENT_ENABLED: 'true',
    FULFILMENT_FAILURES_MAX: String(FAILURES_MAX),
    FULFILMENT_PROCESSOR: fileURLToPath(new URL('./processors/unstorable.ts', import.meta.url)),
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
}, 60_000);

test.concurrent('a step that always throws: its order is set aside, which is told once, with the step, the failures and the error', async () => {
  const orderId = await place(stage.service.client, 'thrower');
  const letters = () => stage.audit.run('select * from dead_letters where order_id = $1', [orderId]);
  await until('the order is set aside', async () => (await letters()).length === 1);
  expect(await letters()).toMatchObject([
    { step: 'speak', failures: FAILURES_MAX, sequence: 2, last_error: 'speak: ab\ufffdc\ufffdd' },
  ]);
  await settled(stage.audit, orderId, 'PROCESSING');
  const said = stage.service.log.filter((line) => line['orderId'] === orderId && 'failures' in line);
  expect(said).toMatchObject([
    { level: 40, msg: 'a step has failed: it is tried again', step: 'speak', failures: 1 },
    {
      level: 50,
      msg: 'an order was set aside: see `npm run doctor`',
      step: 'speak',
      failures: FAILURES_MAX,
      err: { message: expect.stringMatching(/^speak: ab\ufffdc\ufffdd/) },
    },
  ]);
  expect(await storyOf(stage.audit, orderId)).toEqual(rejectedStory.slice(0, 2));
});

test.concurrent('a refusal for such a reason: the order is REJECTED, and its reason can be kept, and sent', async () => {
  const orderId = await place(stage.service.client, 'refused');
  await settled(stage.audit, orderId, 'REJECTED');
  const order = readOrder(await getOrder(stage.service.client, orderId));
  expect(order.stateReason).toBe('ab\ufffdc\ufffdd');
  expect(await stateOf(stage.audit, orderId)).toBe('REJECTED');
  expect(await storyOf(stage.audit, orderId)).toEqual(rejectedStory);
});
