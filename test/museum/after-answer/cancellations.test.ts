import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inWords } from '../../integration/faults/named-orders.ts';
import { connectTo } from '../../integration/faults/query-database.ts';
import { until } from '../../integration/faults/until.ts';
import {
  allSteps,
  confirmedStory,
  done,
  place,
  settled,
  storyOf,
  workerSettings,
} from '../../integration/fulfilment/stage.ts';
import { useOutsideWorld } from '../../integration/fulfilment/use-outside-world.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate, type Gate } from '../../support/pause-gate.ts';

// A6: shopware/shopware#19943, saleor/saleor#12652. Two read the same state, and both acted on it: the decision was made outside the lock
// under which it was written.

const shared = useOutsideWorld();
const gate: Gate = createGate('before_commit');
let stores: OpenStores;
/** Takes calls, and holds them between what they have read and what they write. */
let service: TestService;
let worker: TestService;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({ ...stores, pause: gate.pause });
  worker = await startTestService({ ...stores, settings: workerSettings(shared.outside) });
}, 60_000);

afterAll(async () => {
  gate.open();
  await Promise.all([service.stop(), worker.stop()]);
  await stores.close();
}, 60_000);

const cancelWith = (orderId: string) => (key: string) =>
  cancelOrder(service.client, orderId, { key: `${key}-${orderId}` });
const keys = ['one', 'other'] as const;

test('A6 a decision is made under the lock: two cancellations read PENDING, the worker confirms, and both find that they are too late', async () => {
  const released = Promise.withResolvers<void>();
  shared.outside.on('confirmed-first', async () => {
    await released.promise;
    return done;
  });
  const orderId = await place(service.client, 'confirmed-first');
  await shared.outside.called('confirmed-first', 'run reserve');
  gate.close();
  const cancels = keys.map(cancelWith(orderId));
  await gate.arrived(2);
  released.resolve();
  await settled(stores.audit, orderId, 'CONFIRMED');
  gate.open();
  const late = 'FAILED_PRECONDITION ORDER_NOT_CANCELLABLE';
  expect((await Promise.all(cancels)).map(inWords)).toEqual([late, late]);
  // That is remembered, too.
  expect((await Promise.all(keys.map(cancelWith(orderId)))).map(inWords)).toEqual([late, late]);
  expect(shared.outside.effectsOf('confirmed-first')).toEqual(allSteps);
  expect(await storyOf(stores.audit, orderId)).toEqual(confirmedStory);
});

test('A6 a decision is made under the lock: two cancellations come to their commit together while a step runs, one of them wins, and the step is undone', async () => {
  const released = Promise.withResolvers<void>();
  shared.outside.on('cancelled-first', async ({ direction, step }) => {
    if (direction === 'run' && step === 'charge') await released.promise;
    return done;
  });
  const orderId = await place(service.client, 'cancelled-first');
  await shared.outside.called('cancelled-first', 'run charge');
  gate.close();
  const cancels = keys.map(cancelWith(orderId));
  await gate.arrived(2);
  gate.open();
  const answers = (await Promise.all(cancels)).map(inWords);
  expect(answers.sort()).toEqual(['FAILED_PRECONDITION ORDER_NOT_CANCELLABLE', 'OK executed']);
  released.resolve();
  await settled(stores.audit, orderId, 'CANCELLED');
  expect(shared.outside.effectsOf('cancelled-first')).toEqual([
    'run reserve',
    'run charge',
    'undo charge',
    'undo reserve',
  ]);
  expect(await storyOf(stores.audit, orderId)).toHaveLength(3);
});

test('A6 a decision is made under the lock: cancellations and the worker wait for the same row, and whoever comes first is the only one', async () => {
  const released = Promise.withResolvers<void>();
  shared.outside.on('in-line', async ({ step }) => {
    if (step === 'ship') await released.promise;
    return done;
  });
  const orderId = await place(service.client, 'in-line');
  await shared.outside.called('in-line', 'run ship');
  const holder = await connectTo(stores.databaseUrl);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => holder.end());
  await holder.query('begin');
  await holder.query('select from orders where order_id = $1 for update', [orderId]);
  released.resolve();
  const cancels = keys.map(cancelWith(orderId));
  await until('all wait', async () => {
    const rows = await stores.audit.run(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length >= 2;
  });
  await holder.query('rollback');
  const answers = (await Promise.all(cancels)).map(inWords);
  const winners = answers.filter((answer) => answer === 'OK executed').length;
  await settled(stores.audit, orderId, winners === 1 ? 'CANCELLED' : 'CONFIRMED');
  expect(answers.filter((answer) => answer !== 'OK executed')).toEqual(
    Array(2 - winners).fill('FAILED_PRECONDITION ORDER_NOT_CANCELLABLE'),
  );
  const undone = shared.outside.effectsOf('in-line').slice(3);
  expect(undone).toEqual(winners === 1 ? ['undo ship', 'undo charge', 'undo reserve'] : []);
  expect(await storyOf(stores.audit, orderId)).toHaveLength(3);
});
