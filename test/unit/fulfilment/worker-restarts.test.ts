import { afterEach, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { openJobPool } from '../../../src/database/job-pool.ts';
import type { WorkerIdentity } from '../../../src/fulfilment/ports.ts';
import { Worker, type WorkerOptions } from '../../../src/fulfilment/worker.ts';
import { testConfig } from '../../support/test-config.ts';
import { FakeProgressStore } from './fake-progress-store.ts';
import { sampleOrder } from './sample-order.ts';

// A worker whose queue cannot be opened.

const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

function started(openPool: (time: number) => Pool) {
  const log: { readonly level: number; readonly msg: string }[] = [];
  const met: WorkerIdentity[] = [];
  let opened = 0;
  const onOpened = new Set<() => void>();
  const options: WorkerOptions = {
    openPool: () => {
      opened += 1;
      for (const listener of onOpened) listener();
      return openPool(opened);
    },
    registry: {
      heartbeat: async (worker) => void met.push(worker),
      leave: async (worker) => void met.push(worker),
      releaseDead: async () => [],
      setAsideExhausted: async () => [],
      bringCleanUpBack: async () => false,
    },
    cleanUp: async () => {},
    host: 'machine',
    concurrency: 1,
    drainLimitMs: 600_000,
    heartbeatMs: 5,
    deadAfterMs: 600_000,
    logger: pino({ level: 'warn' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    store: new FakeProgressStore(sampleOrder()),
    queue: { again: async () => {}, setAside: async () => {} },
    processor: { steps: [] },
    stepLimitMs: 600_000,
    failuresMax: 3,
    onChange: () => {},
    onSetAside: () => {},
  };
  const worker = new Worker(options);
  workers.push(worker);
  worker.start();
  const openedTimes = (times: number) =>
    new Promise<void>((resolve) => {
      const listener = () => {
        if (opened < times) return;
        onOpened.delete(listener);
        resolve();
      };
      onOpened.add(listener);
      listener();
    });
  return { worker, log, met, opened: () => opened, openedTimes };
}

/** Nobody listens at the port. */
function absentPool(): Pool {
  const { database } = testConfig({ databaseUrl: 'postgres://user@127.0.0.1:1/orders' });
  return openJobPool(database, 1, () => {});
}

test('a queue that cannot be opened is told each time, opened again, and what was opened is closed', async () => {
  const pools: Pool[] = [];
  const { worker, log, openedTimes } = started(() => {
    const pool = absentPool();
    pools.push(pool);
    return pool;
  });
  await openedTimes(2);
  expect(log).toMatchObject([{ level: 40, msg: 'the queue has failed: it is opened again' }]);
  expect(pools[0]?.ending).toBe(true);
  await worker.stop();
  expect(pools.map(({ ending }) => ending)).toEqual([true, true]);
});

test('connections that cannot be had are told, too, and tried for again', async () => {
  const { log, openedTimes } = started((time) => {
    if (time === 1) throw new Error('no connections');
    return absentPool();
  });
  await openedTimes(2);
  expect(log[0]).toMatchObject({ level: 40, err: { message: 'no connections' } });
});

test('a stop before the next attempt ends it at once, and the queue is not opened again', async () => {
  const { worker, opened, met } = started(() => {
    throw new Error('no connections');
  });
  await worker.stop();
  expect([opened(), met]).toEqual([1, []]);
});
