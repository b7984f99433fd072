import { expect } from '@jest/globals';
import { until } from '../../integration/faults/until.ts';
import {
  allSteps,
  cancelledStory,
  confirmedStory,
  DEAD_AFTER_MS,
  done,
  never,
  openStage,
  place,
  requeue,
  settled,
  stateOf,
  storyOf,
  workerSettings,
} from '../../integration/fulfilment/stage.ts';
import { useOutsideWorld } from '../../integration/fulfilment/use-outside-world.ts';
import type { Audit } from '../../integration/orders/audit.ts';
import { cancelledOrder, cancelOrder } from '../../support/order-life.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTestWorker } from '../../support/test-worker.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';

/** For a machine that is busy with other tests. */
const MARGIN_MS = 9_000;

const shared = useOutsideWorld();
const keysOf = (customerId: string) =>
  shared.outside.calls.filter((call) => call.customerId === customerId).map(({ key }) => key.replace(/^[^:]*:/, ''));
const enqueue = (audit: Audit, orderId: string) =>
  audit.run(
    `select graphile_worker.add_job('process_order', json_build_object('orderId', $1::text), job_key => 'order:' || $1)`,
    [orderId],
  );

storiesAtOnce(
  {
    // A1: graphile/worker#222, #374. The job of a worker that was killed stayed locked for four hours.
    // A2: vercel/workflow#3992, graphile/worker#254. A claim counts as an attempt: killed in its last one, a job was never seen again.
    'A1 the job of a killed worker is resumed in a stated time: one dies in the first step of an order, one while it undoes another':
      async () => {
        await using stage = await openStage();
        const { audit, service, stores } = stage;
        const { outside } = shared;
        const settings = workerSettings(outside);
        outside.on('first-step', ({ step, number }) => (step === 'reserve' && number === 1 ? never() : done));
        outside.on('undoing', ({ step, direction, number }) => {
          if (direction === 'undo') return step === 'charge' && number === 1 ? never() : done;
          return step === 'ship' ? { kind: 'refused', reason: 'no such street' } : done;
        });
        await using victim = await startWorkerProcess({ ...stores, settings });
        const [first, undone] = [await place(service.client, 'first-step'), await place(service.client, 'undoing')];
        await Promise.all([outside.called('first-step', 'run reserve'), outside.called('undoing', 'undo charge')]);
        await victim.kill();
        const killedAtMs = performance.now();
        await using heir = await startTestWorker({ ...stores, settings });
        await Promise.all([
          outside.called('first-step', 'run reserve', 2),
          outside.called('undoing', 'undo charge', 2),
        ]);
        expect(performance.now() - killedAtMs).toBeLessThan(DEAD_AFTER_MS + MARGIN_MS);
        await settled(audit, first, 'CONFIRMED');
        await settled(audit, undone, 'REJECTED');
        expect(heir.hasSaid('a worker has died')).toBe(true);
        expect(outside.effectsOf('first-step')).toEqual(allSteps);
        expect(outside.effectsOf('undoing')).toEqual([...allSteps, 'undo charge', 'undo reserve']);
        expect(await storyOf(audit, first)).toEqual(confirmedStory);
      },

    'A2 a crash in the last attempt is not the end: the order is set aside with an alert, and what was begun for a cancelled one is undone when it is requeued':
      async () => {
        await using stage = await openStage();
        const { audit, service, stores } = stage;
        const { outside } = shared;
        const settings = workerSettings(outside);
        outside.on('last-undo', ({ direction, step, number }) =>
          step === 'ship' && (direction === 'run' || number === 1) ? never() : done,
        );
        await using victim = await startWorkerProcess({
          ...stores,
          settings: { ...settings, FULFILMENT_STEP_LIMIT_MS: '500' },
        });
        const orderId = await place(service.client, 'last-undo');
        await outside.called('last-undo', 'run ship');
        cancelledOrder(await cancelOrder(service.client, orderId, { key: 'cancel-last-undo' }));
        await outside.called('last-undo', 'undo ship');
        await audit.run('update graphile_worker._private_jobs set attempts = max_attempts where key = $1', [
          `order:${orderId}`,
        ]);
        // A job of another kind, whose last attempt has ended so, too.
        await audit.run(`select graphile_worker.add_job('clean_up', job_key => 'exhausted')`);
        await audit.run(`update graphile_worker._private_jobs set attempts = max_attempts where key = 'exhausted'`);
        await victim.kill();
        await using survivor = await startTestWorker({ ...stores, settings });
        await until('the alert', () =>
          survivor.hasSaid('an order was set aside, for its workers died again and again'),
        );
        expect(survivor.log.some(({ level, orderId: id }) => Number(level) >= 50 && id === orderId)).toBe(true);
        expect(await audit.run('select order_id, step from dead_letters')).toEqual([{ order_id: orderId, step: null }]);
        await until('the other one is gone', async () => {
          return (await audit.run(`select from graphile_worker.jobs where key = 'exhausted'`)).length === 0;
        });
        expect(await requeue(stores, orderId)).toEqual([orderId]);
        await settled(audit, orderId, 'CANCELLED');
        expect(outside.effectsOf('last-undo').slice(3)).toEqual(['undo ship', 'undo charge', 'undo reserve']);
        expect(await storyOf(audit, orderId)).toEqual(cancelledStory);
      },

    // A3: vercel/workflow#3657, graphile/worker#303. A job that was enqueued again under the key of one that ran, ran beside it.
    'A3 the same job beside itself does nothing twice: it is enqueued five times while it runs, with two workers, and so while it is undone':
      async () => {
        await using stage = await openStage();
        const { audit, service, stores } = stage;
        const { outside } = shared;
        // Nobody is to take a worker for dead that a busy machine has held up.
        const settings = { ...workerSettings(outside), FULFILMENT_DEAD_AFTER_MS: '60000' };
        const released = Promise.withResolvers<void>();
        for (const name of ['twin', 'undone-twin']) {
          outside.on(name, async ({ step, direction }) => {
            if (step === 'charge' && (name === 'twin' || direction === 'undo')) await released.promise;
            return step === 'ship' && name === 'undone-twin' ? { kind: 'refused', reason: 'no' } : done;
          });
        }
        await using _one = await startTestWorker({ ...stores, settings });
        await using _other = await startTestWorker({ ...stores, settings });
        const [twin, undone] = [await place(service.client, 'twin'), await place(service.client, 'undone-twin')];
        await Promise.all([outside.called('twin', 'run charge'), outside.called('undone-twin', 'undo charge')]);
        for (let time = 0; time < 5; time += 1) {
          await enqueue(audit, twin);
          await enqueue(audit, undone);
        }
        // The queue keeps them not apart: the steps' keys do.
        await Promise.all([outside.called('twin', 'run charge', 2), outside.called('undone-twin', 'undo charge', 2)]);
        released.resolve();
        await settled(audit, twin, 'CONFIRMED');
        await settled(audit, undone, 'REJECTED');
        await until(
          'all jobs are over',
          async () =>
            (await audit.run(`select from graphile_worker._private_jobs where key like 'order:%' or key is null`))
              .length === 0,
        );
        expect(outside.effectsOf('twin')).toEqual(allSteps);
        expect(outside.effectsOf('undone-twin')).toEqual([...allSteps, 'undo charge', 'undo reserve']);
        expect(await storyOf(audit, twin)).toEqual(confirmedStory);
      },

    // A7: dbos-inc/dbos-transact-java#491, temporalio/temporal#11968. A process that started ran what another one was still running; an id was
    // forgotten as soon as its work was closed.
    'A7 nothing that lives is recovered, and nothing that is closed is done again: workers join in the middle of a step, and the job comes again after CONFIRMED':
      async () => {
        await using stage = await openStage();
        const { audit, service, stores } = stage;
        const { outside } = shared;
        const deadAfterMs = 3_000;
        const settings = { ...workerSettings(outside), FULFILMENT_DEAD_AFTER_MS: String(deadAfterMs) };
        const released = Promise.withResolvers<void>();
        outside.on('joined', async ({ step }) => {
          if (step === 'charge') await released.promise;
          return done;
        });
        await using _first = await startTestWorker({ ...stores, settings });
        const orderId = await place(service.client, 'joined');
        await outside.called('joined', 'run charge');
        await using second = await startTestWorker({ ...stores, settings });
        await using third = await startTestWorker({ ...stores, settings });
        // For longer than it takes to bury a dead one.
        const living = `select from workers where heartbeat_at > started_at + $1 * interval '1 ms'`;
        await until('all have lived for long', async () => (await audit.run(living, [1.5 * deadAfterMs])).length === 3);
        expect(keysOf('joined')).toEqual(['reserve', 'charge']);
        released.resolve();
        await settled(audit, orderId, 'CONFIRMED');
        for (let time = 0; time < 5; time += 1) {
          await enqueue(audit, orderId);
          await settled(audit, orderId, 'CONFIRMED');
        }
        expect(await requeue(stores, orderId)).toEqual([]);
        expect(keysOf('joined')).toEqual(['reserve', 'charge', 'ship']);
        expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
        expect(await stateOf(audit, orderId)).toBe('CONFIRMED');
        for (const worker of [second, third]) expect(worker.hasSaid('a worker has died')).toBe(false);
      },
  },
  120_000,
);
