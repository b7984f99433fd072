import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { OrderTurn } from '../../../src/fulfilment/order-turn.ts';
import type { DeadLetter, NextTurn } from '../../../src/fulfilment/ports.ts';
import type { StepResult } from '../../../src/fulfilment/processor.ts';
import { FakeProgressStore } from './fake-progress-store.ts';
import { sampleOrder } from './sample-order.ts';

const { orderId } = sampleOrder();

interface StageOptions {
  readonly run?: () => Promise<StepResult>;
  readonly undo?: () => Promise<void>;
  /** Whether the job is still ours when the second step has been called. */
  readonly isOurs?: boolean;
  readonly signal?: AbortSignal;
  readonly store?: FakeProgressStore;
}

/** A turn with two steps, of which the second does as the test wants, and a queue that notes what it is told. */
function stage({ run, undo, isOurs = true, signal, store }: StageOptions = {}) {
  const again: (NextTurn & { readonly orderId: string })[] = [];
  const letters: DeadLetter[] = [];
  let setAside = 0;
  let isStillOurs = true;
  const turn = new OrderTurn({
    store: store ?? new FakeProgressStore(sampleOrder()),
    queue: {
      again: async (id, next) => void again.push({ orderId: id, ...next }),
      setAside: async (letter) => void letters.push(letter),
    },
    processor: {
      steps: [
        { name: 'a', run: async () => ({ kind: 'done' }) },
        {
          name: 'b',
          run: async () => {
            isStillOurs = isOurs;
            return (await run?.()) ?? { kind: 'done' };
          },
          undo: async () => undo?.(),
        },
      ],
    },
    stepLimitMs: 60_000,
    failuresMax: 3,
    signal: signal ?? new AbortController().signal,
    isOurs: () => isStillOurs,
    logger: pino({ level: 'silent' }),
    onChange: () => {},
    onSetAside: () => {
      setAside += 1;
    },
  });
  return { turn, again, letters, setAside: () => setAside };
}

const failing = () => Promise.reject(new Error('no answer'));

test('a step that is undone has as many tries of its own as it had to be run', async () => {
  const store = new FakeProgressStore(sampleOrder({ state: 'CANCELLED', sequence: 3 }), [
    { step: 'b', state: 'BEGUN' },
  ]);
  const { turn, again, letters } = stage({ store, undo: failing });
  await turn.take({ orderId, failures: 2, step: 'b' });
  expect(letters).toEqual([]);
  expect(again).toMatchObject([{ failures: 1, step: 'undo b' }]);
  await turn.take({ orderId, failures: 2, step: 'undo b' });
  expect(letters).toMatchObject([{ step: 'b', failures: 3 }]);
});

test('an order that has come to its end is not asked for again', async () => {
  const { turn, again, letters } = stage();
  await turn.take({ orderId });
  expect([again, letters]).toEqual([[], []]);
});

test('a step that asks for more time is no failure, and wipes out earlier ones', async () => {
  const { turn, again } = stage({ run: async () => ({ kind: 'later', afterMs: 7_000 }) });
  await turn.take({ orderId, failures: 2, step: 'b' });
  expect(again).toEqual([{ orderId, sequence: 2, failures: 0, afterMs: 7_000 }]);
});

test.each([
  ['for the first time', { orderId }, 1, 500, 1_000],
  ['again', { orderId, failures: 1, step: 'b' }, 2, 1_000, 2_000],
  ['after another one has', { orderId, failures: 2, step: 'a' }, 1, 500, 1_000],
])('a step that fails %s is tried again, later each time', async (_when, job, failures, least, most) => {
  const { turn, again, letters } = stage({ run: failing });
  await turn.take(job);
  expect(again).toMatchObject([{ orderId, sequence: 2, failures, step: 'b' }]);
  expect(again[0]?.afterMs).toBeGreaterThanOrEqual(least);
  expect(again[0]?.afterMs).toBeLessThanOrEqual(most);
  expect(letters).toEqual([]);
});

test('a step that has failed as often as allowed: the order is set aside, once, and not asked for again', async () => {
  const { turn, again, letters, setAside } = stage({ run: failing });
  await turn.take({ orderId, failures: 2, step: 'b' });
  expect(letters).toEqual([{ orderId, sequence: 2, step: 'b', failures: 3, lastError: 'b: no answer' }]);
  expect(again).toEqual([]);
  expect(setAside()).toBe(1);
});

test.each([
  ['a failure', failing],
  ['the last failure', failing],
  ['a wish for more time', async (): Promise<StepResult> => ({ kind: 'later', afterMs: 1 })],
])('A7 %s of a worker that was taken for dead is nothing to the queue: the job is another one’s', async (what, run) => {
  const { turn, again, letters } = stage({ run, isOurs: false });
  const failures = what === 'the last failure' ? 2 : 0;
  await expect(turn.take({ orderId, failures, step: 'b' })).rejects.toThrow('given to another worker');
  expect([again, letters]).toEqual([[], []]);
});

test('a step that was aborted has not failed: the queue keeps its job', async () => {
  const stopping = new AbortController();
  const run = () => {
    stopping.abort(new Error('the worker is stopping'));
    return new Promise<never>(() => {});
  };
  const { turn, again, letters } = stage({ run, signal: stopping.signal });
  await expect(turn.take({ orderId, failures: 2, step: 'b' })).rejects.toThrow('the worker is stopping');
  expect([again, letters]).toEqual([[], []]);
});

test('a store that fails is no failure of a step: the queue keeps the job', async () => {
  const store = new FakeProgressStore(sampleOrder());
  store.beforeSave = () => {
    throw new Error('the database is gone');
  };
  const { turn, again, letters } = stage({ store });
  await expect(turn.take({ orderId, failures: 2, step: 'b' })).rejects.toThrow('the database is gone');
  expect([again, letters]).toEqual([[], []]);
});

test.each([[undefined], [null], [{}], [{ orderId: 7 }], [{ orderId, failures: 'many' }]])(
  'a job with the payload %j is refused, and runs nothing',
  async (payload) => {
    const store = new FakeProgressStore(sampleOrder());
    await expect(stage({ store }).turn.take(payload)).rejects.toThrow();
    expect(store.story).toEqual([]);
  },
);
