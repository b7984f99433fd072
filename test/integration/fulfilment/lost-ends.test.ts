import { expect, test } from '@jest/globals';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { startTestWorker } from '../../support/test-worker.ts';
import { until } from '../faults/until.ts';
import { allSteps, confirmedStory, openStage, place, settled, storyOf, workerSettings } from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

const ORDERS = 6;

const shared = useOutsideWorld();

test('D4 the end of a job cannot be written down: the worker begins anew under another name, and all orders are finished, each effect once', async () => {
  const { outside } = shared;
  await using stage = await openStage();
  const { audit, service, stores } = stage;
  const url = new URL(stores.databaseUrl);
  await using proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const wasCut = proxy.cutAfter({ from: 'client', bytes: 'complete_job/' });
  const settings = { ...workerSettings(outside), FULFILMENT_DEAD_AFTER_MS: '60000' };
  await using worker = await startTestWorker({ databaseUrl: url.href, settings });
  const names = async () => (await audit.run('select worker_id from workers')).map(({ worker_id }) => worker_id);
  await until('the worker is there', async () => (await names()).length === 1);
  const [first] = await names();

  const customers = Array.from({ length: ORDERS }, (_, index) => `lost-end-${index}`);
  const orderIds = await Promise.all(customers.map((customer) => place(service.client, customer)));
  await wasCut;
  for (const [index, orderId] of orderIds.entries()) {
    await settled(audit, orderId, 'CONFIRMED');
    expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
    expect(outside.effectsOf(customers[index] ?? '')).toEqual(allSteps);
  }
  await until('there is another worker, and the first has left', async () => {
    const living = await names();
    return living.length === 1 && living[0] !== first;
  });
  expect(worker.log.filter(({ msg }) => msg === 'this worker gives its orders up, and begins anew')).toHaveLength(1);
  // Nobody had to wait until it was taken for dead.
  expect(worker.hasSaid('a worker has died')).toBe(false);
});
