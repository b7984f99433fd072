import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cancelledOrder, cancelOrder } from '../../support/order-life.ts';
import { getOrder, readOrder } from '../../support/order-requests.ts';
import { until } from '../faults/until.ts';
import {
  allSteps,
  cancelledStory,
  confirmedStory,
  done,
  never,
  openStage,
  place,
  rejectedStory,
  requeue,
  type Stage,
  settled,
  stateOf,
  storyOf,
  workerSettings,
} from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

const FAILURES_MAX = 3;

const shared = useOutsideWorld();
let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    ...workerSettings(shared.outside),
    FULFILMENT_CONCURRENCY: '20',
    FULFILMENT_FAILURES_MAX: String(FAILURES_MAX),
    FULFILMENT_STEP_LIMIT_MS: '3000',
  });
}, 60_000);

afterAll(async () => {
  await stage.close();
}, 60_000);

const placeFor = (customerId: string) => place(stage.service.client, customerId);
const callsOf = (customerId: string) => shared.outside.calls.filter((call) => call.customerId === customerId);

async function letterOf(orderId: string) {
  const [letter] = await stage.audit.run('select * from dead_letters where order_id = $1', [orderId]);
  return letter;
}

function setAside(orderId: string): Promise<void> {
  return until('the order is set aside', async () => (await letterOf(orderId)) !== undefined);
}

test.concurrent('an order goes through all steps by itself, each with its own key, and each change has its event', async () => {
  const orderId = await placeFor('plain');
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(callsOf('plain').map(({ key, direction }) => `${direction} ${key}`)).toEqual(
    ['reserve', 'charge', 'ship'].map((step) => `run ${orderId}:${step}`),
  );
  expect(await storyOf(stage.audit, orderId)).toEqual(confirmedStory);
  const order = readOrder(await getOrder(stage.service.client, orderId));
  expect(order).toMatchObject({ sequence: 3, stateReason: '' });
});

test.concurrent('a step that fails a few times is tried again under its key, and then works', async () => {
  shared.outside.on('flaky', ({ step, number }) => {
    if (step === 'charge' && number < FAILURES_MAX) throw new Error('no answer');
    return done;
  });
  const orderId = await placeFor('flaky');
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(callsOf('flaky').map(({ step }) => step)).toEqual(['reserve', 'charge', 'charge', 'charge', 'ship']);
  expect(shared.outside.effectsOf('flaky')).toEqual(allSteps);
  expect(await storyOf(stage.audit, orderId)).toEqual(confirmedStory);
  expect(await letterOf(orderId)).toBeUndefined();
});

test.concurrent('a step that fails as often as allowed: the order is set aside, stays PROCESSING, and is confirmed when it is requeued', async () => {
  shared.outside.on('broken', ({ step, number }) => {
    if (step === 'charge' && number <= FAILURES_MAX) throw new Error('the till is \0 \ud800 broken');
    return done;
  });
  const orderId = await placeFor('broken');
  await setAside(orderId);
  await settled(stage.audit, orderId, 'PROCESSING');
  expect(callsOf('broken')).toHaveLength(1 + FAILURES_MAX);
  expect(await letterOf(orderId)).toMatchObject({ step: 'charge', failures: FAILURES_MAX, sequence: 2 });
  expect((await letterOf(orderId))?.['last_error']).toMatch(/^charge: the till is .* broken$/);
  expect(await requeue(stage.stores, orderId)).toEqual([orderId]);
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(await letterOf(orderId)).toBeUndefined();
  expect(await requeue(stage.stores, orderId)).toEqual([]);
  expect(shared.outside.effectsOf('broken')).toEqual(allSteps);
  expect(await storyOf(stage.audit, orderId)).toEqual(confirmedStory);
});

test.concurrent('a step that says `later` more often than it may fail is called again each time: that is no failure', async () => {
  const at: number[] = [];
  shared.outside.on('patient', ({ step, number }) => {
    if (step === 'charge') at.push(performance.now());
    return step === 'charge' && number <= FAILURES_MAX + 1 ? { kind: 'later', afterMs: 300 } : done;
  });
  const orderId = await placeFor('patient');
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(at).toHaveLength(FAILURES_MAX + 2);
  for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] ?? time)).toBeGreaterThanOrEqual(290);
  expect(await letterOf(orderId)).toBeUndefined();
  expect(shared.outside.effectsOf('patient')).toEqual(allSteps);
});

test.concurrent('a step that hangs is cut at its limit and tried again', async () => {
  shared.outside.on('hanging', ({ step, number }) => (step === 'charge' && number === 1 ? never() : done));
  const orderId = await placeFor('hanging');
  const call = await shared.outside.called('hanging', 'run charge');
  await call.gone;
  await settled(stage.audit, orderId, 'CONFIRMED');
  expect(callsOf('hanging').map(({ step }) => step)).toEqual(['reserve', 'charge', 'charge', 'ship']);
  const said = stage.service.log.find(({ orderId: id, step }) => id === orderId && step === 'charge');
  expect(said).toMatchObject({ msg: 'a step has failed: it is tried again', failures: 1 });
  expect(JSON.stringify(said)).toContain('charge: it did not end within 3000 ms');
});

test.concurrent('a step refuses the order: it is REJECTED for that reason, and what was done before is undone', async () => {
  shared.outside.on('poor', ({ step }) => (step === 'ship' ? { kind: 'refused', reason: 'no such street' } : done));
  const orderId = await placeFor('poor');
  await settled(stage.audit, orderId, 'REJECTED');
  expect(shared.outside.effectsOf('poor')).toEqual([...allSteps, 'undo charge', 'undo reserve']);
  expect(callsOf('poor').map(({ key }) => key)).toContain(`${orderId}:charge:undo`);
  expect(readOrder(await getOrder(stage.service.client, orderId)).stateReason).toBe('no such street');
  expect(await storyOf(stage.audit, orderId)).toEqual(rejectedStory);
});

test.concurrent('A6 a cancel in the middle of a step wins: what was begun is undone in reverse order, once', async () => {
  const released = Promise.withResolvers<void>();
  shared.outside.on('fickle', async ({ step, direction }) => {
    if (step === 'charge' && direction === 'run') await released.promise;
    return done;
  });
  const orderId = await placeFor('fickle');
  await shared.outside.called('fickle', 'run charge');
  const answer = await cancelOrder(stage.service.client, orderId, { reason: 'too dear', key: 'cancel-fickle' });
  expect(cancelledOrder(answer)).toMatchObject({ sequence: 3, stateReason: 'too dear' });
  released.resolve();
  await settled(stage.audit, orderId, 'CANCELLED');
  expect(callsOf('fickle').map(({ direction, step }) => `${direction} ${step}`)).toEqual([
    'run reserve',
    'run charge',
    'undo charge',
    'undo reserve',
  ]);
  expect(await storyOf(stage.audit, orderId)).toEqual(cancelledStory);
});

test.concurrent('an order that was set aside and is cancelled is undone by itself', async () => {
  shared.outside.on('given-up', ({ step, direction }) => {
    if (step === 'charge' && direction === 'run') throw new Error('the till is broken');
    return done;
  });
  const orderId = await placeFor('given-up');
  await setAside(orderId);
  cancelledOrder(await cancelOrder(stage.service.client, orderId, { key: 'cancel-given-up' }));
  await shared.outside.called('given-up', 'undo reserve');
  await settled(stage.audit, orderId, 'CANCELLED');
  expect(shared.outside.effectsOf('given-up').slice(2)).toEqual(['undo charge', 'undo reserve']);
  expect(await letterOf(orderId)).toBeUndefined();
});

test.concurrent('an undo that fails is tried again, and what is undone already is not undone twice', async () => {
  shared.outside.on('sticky', ({ step, direction, number }) => {
    if (step === 'ship') return { kind: 'refused', reason: 'no' };
    if (direction === 'undo' && step === 'reserve' && number === 1) throw new Error('no answer');
    return done;
  });
  const orderId = await placeFor('sticky');
  await settled(stage.audit, orderId, 'REJECTED');
  const undone = callsOf('sticky').filter(({ direction }) => direction === 'undo');
  expect(undone.map(({ step }) => step)).toEqual(['charge', 'reserve', 'reserve']);
});

test.concurrent('A3 the job of an order is enqueued again while it runs: each step has one effect, and each change one event', async () => {
  const released = Promise.withResolvers<void>();
  shared.outside.on('eager', async ({ step }) => {
    if (step === 'charge') await released.promise;
    return done;
  });
  const orderId = await placeFor('eager');
  await shared.outside.called('eager', 'run charge');
  await stage.audit.run(
    `select graphile_worker.add_job('process_order', json_build_object('orderId', $1::text), job_key => 'order:' || $1)`,
    [orderId],
  );
  // The queue does not keep the two apart: both are in the same step.
  await shared.outside.called('eager', 'run charge', 2);
  expect(await stateOf(stage.audit, orderId)).toBe('PROCESSING');
  released.resolve();
  await settled(stage.audit, orderId, 'CONFIRMED');
  const anyJobs = `select from graphile_worker._private_jobs where payload ->> 'orderId' = $1`;
  await until('both are over', async () => (await stage.audit.run(anyJobs, [orderId])).length === 0);
  expect(shared.outside.effectsOf('eager')).toEqual(allSteps);
  expect(await storyOf(stage.audit, orderId)).toEqual(confirmedStory);
});
