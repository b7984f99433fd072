import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { startTestWorker } from '../../support/test-worker.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import { until } from '../faults/until.ts';
import {
  allSteps,
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
} from './stage.ts';
import { useOutsideWorld } from './use-outside-world.ts';

/** For a machine that is busy with other tests. */
const MARGIN_MS = 8_000;

const shared = useOutsideWorld();

const callsOf = (customerId: string) => shared.outside.calls.filter((call) => call.customerId === customerId);

storiesAtOnce({
  'A1 A7 a second worker leaves the step of a first alone while that lives, and resumes it in time, under the same key, when it is killed':
    async () => {
      await using stage = await openStage();
      const { audit, service, stores } = stage;
      const { outside } = shared;
      const settings = workerSettings(outside);
      // The first call hangs until its worker is dead.
      outside.on('killed', ({ step, number }) => (step === 'charge' && number === 1 ? never() : done));
      await using first = await startWorkerProcess({ ...stores, settings });
      const orderId = await place(service.client, 'killed');
      const { key } = await outside.called('killed', 'run charge');
      await using second = await startTestWorker({ ...stores, settings });
      // For twice as long as nothing is heard of a dead one.
      const both = `select from workers where heartbeat_at > started_at + interval '2 s'`;
      await until('both have lived for two seconds', async () => (await audit.run(both)).length === 2);
      expect(callsOf('killed')).toHaveLength(2);
      await first.kill();
      const killedAtMs = performance.now();
      const again = await outside.called('killed', 'run charge', 2);
      expect(performance.now() - killedAtMs).toBeLessThan(DEAD_AFTER_MS + MARGIN_MS);
      expect(again.key).toBe(key);
      await settled(audit, orderId, 'CONFIRMED');
      expect(outside.effectsOf('killed')).toEqual(allSteps);
      // What was done before the death is not even asked for again.
      expect(callsOf('killed').map(({ step, processId }) => [step, processId])).toEqual([
        ['reserve', first.processId],
        ['charge', first.processId],
        ['charge', process.pid],
        ['ship', process.pid],
      ]);
      expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
      expect(second.hasSaid('a worker has died')).toBe(true);
    },

  'A7 a worker stands still until it is taken for dead, and comes back: nothing is doubled, and it works again':
    async () => {
      await using stage = await openStage();
      const { audit, service, stores } = stage;
      const { outside } = shared;
      const settings = workerSettings(outside);
      const released = Promise.withResolvers<void>();
      outside.on('frozen', async ({ step, number }) => {
        if (step === 'charge' && number === 1) await released.promise;
        return done;
      });
      await using sleeper = await startWorkerProcess({ ...stores, settings });
      const orderId = await place(service.client, 'frozen');
      await outside.called('frozen', 'run charge');
      sleeper.signal('SIGSTOP');
      await using other = await startTestWorker({ ...stores, settings });
      await settled(audit, orderId, 'CONFIRMED');
      await other.stop();
      // Its answer waits for it when it wakes.
      released.resolve();
      sleeper.signal('SIGCONT');
      await sleeper.said('this worker gives its orders up, and begins anew');
      const next = await place(service.client, 'next');
      await settled(audit, next, 'CONFIRMED');
      expect(callsOf('next').map(({ processId }) => processId)).toEqual(Array(3).fill(sleeper.processId));
      expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
      expect(await storyOf(audit, next)).toEqual(confirmedStory);
      expect(outside.effectsOf('frozen')).toEqual(allSteps);
      expect(callsOf('frozen')).toHaveLength(4);
    },

  'A2 the last claim of a job ends with a crash: the order is set aside, says so, and is confirmed when it is requeued':
    async () => {
      await using stage = await openStage();
      const { audit, service, stores } = stage;
      const { outside } = shared;
      const settings = workerSettings(outside);
      outside.on('deadly', ({ step, number }) => (step === 'charge' && number === 1 ? never() : done));
      const orderId = await place(service.client, 'deadly');
      await audit.run('update graphile_worker._private_jobs set attempts = max_attempts - 1 where key = $1', [
        `order:${orderId}`,
      ]);
      await using victim = await startWorkerProcess({ ...stores, settings });
      await outside.called('deadly', 'run charge');
      await victim.kill();
      await using survivor = await startTestWorker({ ...stores, settings });
      await until('that is said', () =>
        survivor.hasSaid('an order was set aside, for its workers died again and again'),
      );
      expect(await audit.run('select order_id, sequence, step, failures, last_error from dead_letters')).toEqual([
        {
          order_id: orderId,
          sequence: 2,
          step: null,
          failures: 10,
          last_error: 'a worker died each of the 10 times that it worked on this order',
        },
      ]);
      expect(await stateOf(audit, orderId)).toBe('PROCESSING');
      expect(await requeue(stores, orderId)).toEqual([orderId]);
      await settled(audit, orderId, 'CONFIRMED');
      expect(await audit.run('select * from dead_letters')).toEqual([]);
      expect(outside.effectsOf('deadly')).toEqual(allSteps);
      expect(await storyOf(audit, orderId)).toEqual(confirmedStory);
    },

  'G6 SIGTERM: running steps have their time, longer ones are cut, the process ends, and the next worker takes up what is left':
    async () => {
      await using stage = await openStage();
      const { audit, service, stores } = stage;
      const { outside } = shared;
      const settings = workerSettings(outside);
      const stopping = Promise.withResolvers<void>();
      outside.on('short', async ({ step }) => {
        if (step === 'ship') await stopping.promise;
        return done;
      });
      for (const customer of ['long', 'deaf']) {
        outside.on(customer, ({ step, number }) => (step === 'charge' && number === 1 ? never() : done));
      }
      await using first = await startWorkerProcess({
        ...stores,
        settings: { ...settings, FULFILMENT_DRAIN_LIMIT_MS: '3000' },
      });
      const [short, long, deaf] = await Promise.all([
        place(service.client, 'short'),
        place(service.client, 'long'),
        // Its steps do not listen to their signal.
        place(service.client, 'deaf', 'deaf'),
      ]);
      await Promise.all([
        outside.called('short', 'run ship'),
        outside.called('long', 'run charge'),
        outside.called('deaf', 'run charge'),
      ]);
      first.signal('SIGTERM');
      await first.said('stopping');
      const late = await place(service.client, 'late');
      stopping.resolve();
      await settled(audit, short, 'CONFIRMED');
      const tooLate = sleep(3_000 + MARGIN_MS, 'it did not end', { ref: false });
      expect(await Promise.race([first.exited, tooLate])).toBe(0);
      expect(await stateOf(audit, late)).toBe('PENDING');
      for (const orderId of [long, deaf]) expect(await stateOf(audit, orderId)).toBe('PROCESSING');
      expect(await audit.run('select * from workers')).toEqual([]);
      await using second = await startTestWorker({ ...stores, settings });
      for (const orderId of [long, deaf, late]) await settled(audit, orderId, 'CONFIRMED');
      expect(second.hasSaid('has died')).toBe(false);
      for (const customer of ['short', 'long', 'deaf', 'late']) expect(outside.effectsOf(customer)).toEqual(allSteps);
    },
});
