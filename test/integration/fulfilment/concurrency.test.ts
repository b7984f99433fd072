import { expect, test } from '@jest/globals';
import { until } from '../faults/until.ts';
import { done, openStage, place, settled, workerSettings } from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

const CONCURRENCY = 3;
const ORDERS = 9;

const shared = useOutsideWorld();

test('P10 a process works on so many orders at once as it is told, and never on more', async () => {
  const { outside } = shared;
  await using stage = await openStage({
    ...workerSettings(outside),
    FULFILMENT_CONCURRENCY: String(CONCURRENCY),
    // Nobody is to take a worker for dead that a busy machine has held up.
    FULFILMENT_DEAD_AFTER_MS: '60000',
  });
  const released = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const names = Array.from({ length: ORDERS }, (_, index) => `customer-${index}`);
  for (const name of names) {
    outside.on(name, async () => {
      running += 1;
      most = Math.max(most, running);
      await released.promise;
      running -= 1;
      return done;
    });
  }
  const orderIds = await Promise.all(names.map((name) => place(stage.service.client, name)));
  await until('as many steps run as may', () => running >= CONCURRENCY);
  // Longer than the queue waits before it looks for jobs again.
  const lived = `select from workers where heartbeat_at > started_at + interval '3 s'`;
  await until('the worker has lived for three seconds', async () => (await stage.audit.run(lived)).length === 1);
  expect(running).toBe(CONCURRENCY);
  released.resolve();
  for (const orderId of orderIds) await settled(stage.audit, orderId, 'CONFIRMED');
  expect(most).toBe(CONCURRENCY);
  expect(outside.calls).toHaveLength(3 * ORDERS);
});
