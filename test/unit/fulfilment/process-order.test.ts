import { expect, test } from '@jest/globals';
import { processOrder, type Turn } from '../../../src/fulfilment/process-order.ts';
import type { Processor, StepResult } from '../../../src/fulfilment/processor.ts';
import type { StepRecord } from '../../../src/fulfilment/step.ts';
import type { Order, OrderState } from '../../../src/orders/order.ts';
import { FakeProgressStore } from './fake-progress-store.ts';
import { sampleOrder } from './sample-order.ts';

const done: StepResult = { kind: 'done' };
const processor: Processor = { steps: ['a', 'b', 'c'].map((name) => ({ name, run: async () => done })) };
const now = new Date('2026-03-04T05:06:07.890Z');
const processing = sampleOrder({ state: 'PROCESSING', sequence: 2 });

type OnStep = (call: string, order: Order) => StepResult | undefined;

/** Takes a turn. @param onStep told `run a`, `undo a`; what it gives is the result, `done` without any */
async function takeTurn(store: FakeProgressStore, onStep: OnStep = () => done) {
  const calls: string[] = [];
  const told: OrderState[] = [];
  const turn = await processOrder(sampleOrder().orderId, {
    store,
    processor,
    runStep: async (order, step, direction) => {
      calls.push(`${direction} ${step}`);
      return onStep(`${direction} ${step}`, order) ?? done;
    },
    now: () => now,
    onChange: (state) => void told.push(state),
  });
  return { turn, calls, told };
}

const ended = (state: OrderState | 'UNKNOWN'): Turn => ({ kind: 'ended', state });

function records(...texts: readonly `${string}:${StepRecord['state']}`[]): readonly StepRecord[] {
  return texts.map((text) => {
    const [step = ''] = text.split(':');
    const state = (['BEGUN', 'DONE', 'REFUSED', 'UNDONE'] as const).find((known) => text.endsWith(`:${known}`));
    return { step, state: state ?? 'BEGUN' };
  });
}

test('an order goes all its way: each end of a step is kept together with what follows from it', async () => {
  const store = new FakeProgressStore(sampleOrder());
  const { turn, calls, told } = await takeTurn(store);
  expect(turn).toEqual(ended('CONFIRMED'));
  expect(calls).toEqual(['run a', 'run b', 'run c']);
  expect(store.story).toEqual(['PROCESSING a:BEGUN', 'a:DONE b:BEGUN', 'b:DONE c:BEGUN', 'CONFIRMED c:DONE']);
  expect(told).toEqual(['PROCESSING', 'CONFIRMED']);
  expect(store.order).toMatchObject({ sequence: 3, stateReason: '', updateTime: now });
});

// Steps that were reordered, or put in between, while an order had begun a later one.
test.each([
  [['b:BEGUN'], ['run a', 'run b', 'run c']],
  [
    ['a:DONE', 'c:BEGUN'],
    ['run b', 'run c'],
  ],
  [
    ['b:BEGUN', 'c:BEGUN'],
    ['run a', 'run b', 'run c'],
  ],
] as const)('with %j each step is run once', async (begun, expected) => {
  const store = new FakeProgressStore(processing, records(...begun));
  let times = 0;
  const { turn, calls } = await takeTurn(store, () => {
    times += 1;
    if (times > 10) throw new Error('it does not end');
    return done;
  });
  expect([turn, calls]).toEqual([ended('CONFIRMED'), expected]);
});

test('what was done before a step that was begun already is kept, also if that one wants to be called later', async () => {
  const store = new FakeProgressStore(processing, records('b:BEGUN'));
  const later: StepResult = { kind: 'later', afterMs: 1 };
  const first = await takeTurn(store, (call) => (call === 'run b' ? later : done));
  expect(first.calls).toEqual(['run a', 'run b']);
  expect((await takeTurn(store)).calls).toEqual(['run b', 'run c']);
});

test('nothing is run that was not kept as begun before', async () => {
  const store = new FakeProgressStore(sampleOrder());
  const { calls } = await takeTurn(store, (call) => {
    expect(store.steps.get(call.slice(-1))?.state).toBe('BEGUN');
    return done;
  });
  expect(calls).toHaveLength(3);
});

test('a step is given the order as it is now', async () => {
  const seen: Order[] = [];
  const store = new FakeProgressStore(sampleOrder());
  await takeTurn(store, (_call, order) => {
    seen.push(order);
    return done;
  });
  expect(seen.map(({ state, sequence }) => `${state} ${sequence}`)).toEqual(Array(3).fill('PROCESSING 2'));
});

test.each([
  ['nothing has begun', records(), ['run a', 'run b', 'run c']],
  ['the first was begun', records('a:BEGUN'), ['run a', 'run b', 'run c']],
  ['the first is done', records('a:DONE'), ['run b', 'run c']],
  ['the last was begun', records('a:DONE', 'b:DONE', 'c:BEGUN'), ['run c']],
  ['all is done', records('a:DONE', 'b:DONE', 'c:DONE'), []],
] as const)('an order that is taken over when %s goes on there (A7)', async (_when, steps, expected) => {
  const store = new FakeProgressStore(processing, steps);
  const { turn, calls } = await takeTurn(store);
  expect(turn).toEqual(ended('CONFIRMED'));
  expect(calls).toEqual(expected);
});

test.each(['CONFIRMED', 'REJECTED', 'CANCELLED'] as const)(
  'an order that is %s, with nothing to undo, is left alone (A7)',
  async (state) => {
    const store = new FakeProgressStore(sampleOrder({ state, sequence: 3 }));
    expect(await takeTurn(store)).toEqual({ turn: ended(state), calls: [], told: [] });
    expect(store.story).toEqual([]);
  },
);

test('an order that is not there is the end of its job', async () => {
  const store = new FakeProgressStore(sampleOrder({ orderId: 'another' }));
  expect((await takeTurn(store)).turn).toEqual(ended('UNKNOWN'));
});

test('a refusal rejects the order for its reason, and undoes what has begun in reverse order', async () => {
  const store = new FakeProgressStore(sampleOrder());
  const { turn, calls, told } = await takeTurn(store, (call) =>
    call === 'run c' ? { kind: 'refused', reason: 'no money' } : done,
  );
  expect(turn).toEqual(ended('REJECTED'));
  expect(calls).toEqual(['run a', 'run b', 'run c', 'undo b', 'undo a']);
  expect(store.story.slice(3)).toEqual(['REJECTED c:REFUSED', 'b:UNDONE', 'a:UNDONE']);
  expect(store.order).toMatchObject({ state: 'REJECTED', stateReason: 'no money', sequence: 3 });
  expect(told).toEqual(['PROCESSING', 'REJECTED']);
});

test('a step that asks for more time ends the turn, and is run again in the next one', async () => {
  const store = new FakeProgressStore(sampleOrder());
  const first = await takeTurn(store, (call) => (call === 'run b' ? { kind: 'later', afterMs: 7 } : done));
  expect(first.turn).toEqual({ kind: 'later', afterMs: 7, sequence: 2 });
  expect(store.order.state).toBe('PROCESSING');
  const second = await takeTurn(store);
  expect(second.calls).toEqual(['run b', 'run c']);
  expect(second.turn).toEqual(ended('CONFIRMED'));
});

test('a step that fails ends the turn, and what was done before it stays done', async () => {
  const store = new FakeProgressStore(sampleOrder());
  const failing = takeTurn(store, (call) => {
    if (call === 'run b') throw new Error('no answer');
    return done;
  });
  await expect(failing).rejects.toThrow('no answer');
  expect((await takeTurn(store)).calls).toEqual(['run b', 'run c']);
});

// A cancellation before the first, second … save: with what was begun and so must be taken back.
test.each([
  [0, [], ['(CANCELLED)', 'refused PROCESSING a:BEGUN']],
  [1, ['run a', 'undo a'], ['(CANCELLED)', 'refused a:DONE b:BEGUN', 'a:UNDONE']],
  [2, ['run a', 'run b', 'undo b', 'undo a'], ['(CANCELLED)', 'refused b:DONE c:BEGUN', 'b:UNDONE', 'a:UNDONE']],
  [
    3,
    ['run a', 'run b', 'run c', 'undo c', 'undo b', 'undo a'],
    ['(CANCELLED)', 'refused CONFIRMED c:DONE', 'c:UNDONE', 'b:UNDONE', 'a:UNDONE'],
  ],
])('A6 a cancellation that is faster than save %d wins, and what was begun is undone', async (at, calls, story) => {
  const store = new FakeProgressStore(sampleOrder());
  store.beforeSave = (saves) => {
    if (saves === at) store.change('CANCELLED');
  };
  const outcome = await takeTurn(store);
  expect(outcome.turn).toEqual(ended('CANCELLED'));
  expect(outcome.calls).toEqual(calls);
  expect(store.story.slice(at)).toEqual(story);
  expect(outcome.told).not.toContain('CONFIRMED');
  expect(store.order.sequence).toBe(at === 0 ? 2 : 3);
});

test('A6 a refusal that a cancellation has overtaken: the order stays CANCELLED, and the step that had no effect is not undone', async () => {
  const store = new FakeProgressStore(sampleOrder());
  store.beforeSave = (saves) => {
    if (saves === 2) store.change('CANCELLED');
  };
  const { turn, calls } = await takeTurn(store, (call) =>
    call === 'run b' ? { kind: 'refused', reason: 'no money' } : done,
  );
  expect(turn).toEqual(ended('CANCELLED'));
  expect(calls).toEqual(['run a', 'run b', 'undo a']);
  expect(store.order.stateReason).toBe('somebody else');
});

test('what a step has come to is not forgotten when the order has to be read again', async () => {
  const store = new FakeProgressStore(processing, records('a:DONE', 'b:BEGUN'));
  const { calls } = await takeTurn(store, (call) => {
    // Nothing of the order's own, but another sequence: what was read is out of date.
    if (call === 'run b') store.order = { ...store.order, sequence: 5 };
    return done;
  });
  expect(calls).toEqual(['run b', 'run c']);
  expect(store.story).toEqual(['refused b:DONE c:BEGUN', 'b:DONE c:BEGUN', 'CONFIRMED c:DONE']);
});

test('what another worker has kept meanwhile counts more than what this one has seen', async () => {
  const store = new FakeProgressStore(processing, records('a:DONE', 'b:BEGUN'));
  const { turn, calls } = await takeTurn(store, (call) => {
    if (call === 'run b') {
      store.mark({ step: 'b', state: 'UNDONE' });
      store.mark({ step: 'a', state: 'UNDONE' });
      store.change('CANCELLED');
    }
    return done;
  });
  expect(turn).toEqual(ended('CANCELLED'));
  expect(calls).toEqual(['run b']);
  expect([...store.steps.values()]).toEqual(records('a:UNDONE', 'b:UNDONE'));
});

test('the turn that another worker has taken to its end is over here, too', async () => {
  const store = new FakeProgressStore(processing, records('a:DONE', 'b:DONE', 'c:BEGUN'));
  const { turn, told } = await takeTurn(store, () => {
    store.mark({ step: 'c', state: 'DONE' });
    store.change('CONFIRMED');
    return done;
  });
  expect(turn).toEqual(ended('CONFIRMED'));
  expect(told).toEqual([]);
  expect(store.order.sequence).toBe(3);
});

test('an undo that fails is taken up where it was', async () => {
  const cancelled = sampleOrder({ state: 'CANCELLED', sequence: 3 });
  const store = new FakeProgressStore(cancelled, records('a:DONE', 'b:DONE', 'c:BEGUN'));
  const failing = takeTurn(store, (call) => {
    if (call === 'undo b') throw new Error('no answer');
    return done;
  });
  await expect(failing).rejects.toThrow('no answer');
  expect((await takeTurn(store)).calls).toEqual(['undo b', 'undo a']);
  expect((await takeTurn(store)).calls).toEqual([]);
});
