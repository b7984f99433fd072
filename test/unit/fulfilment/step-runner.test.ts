import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import type { ProcessingStep, StepContext } from '../../../src/fulfilment/processor.ts';
import { createStepRunner, StepError } from '../../../src/fulfilment/step-runner.ts';
import { STATE_REASON_CHARACTERS_MAX } from '../../../src/orders/transitions.ts';
import { sampleOrder } from './sample-order.ts';

const order = sampleOrder({ state: 'PROCESSING', sequence: 2 });
const never = () => new Promise<never>(() => {});

interface RunOptions {
  readonly undo?: NonNullable<ProcessingStep['undo']>;
  readonly direction?: 'run' | 'undo';
  readonly stepLimitMs?: number;
  readonly signal?: AbortSignal;
}

/** Runs a step of the name `step`. Its result may be anything, as in a processor without types. */
async function runStep(run: (context: StepContext) => unknown, options: RunOptions = {}) {
  const { undo, direction = 'run', stepLimitMs = 60_000, signal = new AbortController().signal } = options;
  const step: ProcessingStep = { name: 'step', run: untyped(run), ...(undo && { undo }) };
  return await createStepRunner({ processor: { steps: [step] }, stepLimitMs, signal })(order, 'step', direction);
}

/** A processor in JavaScript: nothing holds its results against the types. */
function untyped(run: (context: StepContext) => unknown): ProcessingStep['run'] {
  const module: { run: ProcessingStep['run'] } = { run: async () => ({ kind: 'done' }) };
  Object.assign(module, { run });
  return module.run;
}

test.each([
  [{ kind: 'done' }],
  [{ kind: 'refused', reason: 'sold out' }],
  [{ kind: 'refused', reason: '' }],
  [{ kind: 'later', afterMs: 0 }],
  [{ kind: 'later', afterMs: 86_400_000 }],
])('a step that gives %j has given it', async (result) => {
  expect(await runStep(async () => result)).toEqual(result);
  expect(await runStep(() => result)).toEqual(result);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['true', true],
  ['a word', 'done'],
  ['an unknown kind', { kind: 'finished' }],
  ['a kind in capitals', { kind: 'DONE' }],
  ['a negative time', { kind: 'later', afterMs: -1 }],
  ['no time', { kind: 'later' }],
  ['a time that is no number', { kind: 'later', afterMs: Number.NaN }],
  ['a time without end', { kind: 'later', afterMs: Number.POSITIVE_INFINITY }],
  ['a time in words', { kind: 'later', afterMs: '1000' }],
  ['null for a time', { kind: 'later', afterMs: null }],
])('a step that gives %s has failed, and is told what results there are', async (_what, result) => {
  await expect(runStep(() => result)).rejects.toThrow(/^step: it gave no result that is known: .*done.*refused.*later/);
});

test('what the result has beside that goes no further', async () => {
  expect(await runStep(() => ({ kind: 'done', secret: 'card' }))).toEqual({ kind: 'done' });
});

test.each([
  ['an error', new Error('no stock'), 'step: no stock'],
  ['a text', 'no stock', 'step: no stock'],
  ['nothing', undefined, 'step: undefined'],
  ['null', null, 'step: null'],
  ['an object', { code: 7 }, 'step: { code: 7 }'],
])('a step that throws %s has failed, and what it threw is the cause', async (_what, thrown, message) => {
  for (const run of [() => Promise.reject(thrown), () => throwing(thrown)]) {
    const error = await failureOf(runStep(run));
    expect(error).toMatchObject({ name: 'StepError', message, step: 'step', sequence: 2, cause: thrown });
  }
});

function throwing(thrown: unknown): never {
  throw thrown;
}

async function failureOf(run: Promise<unknown>): Promise<StepError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StepError) return error;
  throw new Error('no StepError', { cause: error });
}

test('a step that throws what has no text has failed like any other', async () => {
  const bare: unknown = Object.create(null);
  expect(await failureOf(runStep(() => throwing(bare)))).toMatchObject({ step: 'step', cause: bare });
});

test('a step that does not end is cut at its limit, also one that does not listen', async () => {
  const seen: StepContext[] = [];
  const run = (context: StepContext) => {
    seen.push(context);
    return never();
  };
  await expect(runStep(run, { stepLimitMs: 20 })).rejects.toThrow('step: it did not end within 20 ms');
  expect(seen[0]?.signal.aborted).toBe(true);
});

test('a step that fails after it was cut does no harm', async () => {
  const late = Promise.withResolvers<never>();
  await expect(runStep(() => late.promise, { stepLimitMs: 10 })).rejects.toThrow('did not end within');
  late.reject(new Error('too late'));
  // An unhandled rejection would end the test run.
  await new Promise((resolve) => setImmediate(resolve));
});

test('a step is cut when the worker stops', async () => {
  const stopping = new AbortController();
  const running = runStep(never, { signal: stopping.signal });
  stopping.abort(new Error('the worker is stopping'));
  await expect(running).rejects.toThrow('step: the worker is stopping');
});

test('a step is not begun by a worker that has stopped', async () => {
  let runs = 0;
  const run = () => {
    runs += 1;
    return { kind: 'done' };
  };
  await expect(runStep(run, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('step: stopped');
  expect(runs).toBe(0);
});

test('a thousand steps leave neither timers nor listeners behind', async () => {
  const { signal } = new AbortController();
  const timersNow = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timersNow();
  for (let turn = 0; turn < 1_000; turn++) await runStep(() => ({ kind: 'done' }), { signal });
  expect(timersNow()).toBeLessThanOrEqual(before);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a step and its undo are given the order, and a key each', async () => {
  const seen: StepContext[] = [];
  const note = async (context: StepContext) => void seen.push(context);
  await runStep(async (context) => {
    await note(context);
    return { kind: 'done' };
  });
  expect(await runStep(never, { direction: 'undo', undo: note })).toEqual({ kind: 'done' });
  expect(seen.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
    `${order.orderId}:step`,
    `${order.orderId}:step:undo`,
  ]);
  expect(seen.map((context) => context.order)).toEqual([order, order]);
});

test('a step that cannot be taken back is passed over', async () => {
  expect(await runStep(never, { direction: 'undo' })).toEqual({ kind: 'done' });
});

test('a step that the processor no longer has is a failure with a clear message', async () => {
  const run = createStepRunner({ processor: { steps: [] }, stepLimitMs: 1_000, signal: new AbortController().signal });
  const message = 'gone: the processor has no such step, but the order has begun it';
  await expect(run(order, 'gone', 'undo')).rejects.toMatchObject({ message, step: 'gone', sequence: 2 });
});

test('a step is called on its own object, as a method of a class is', async () => {
  class Charge {
    readonly name = 'step';
    readonly result = { kind: 'done' } as const;
    async run() {
      return this.result;
    }
  }
  const processor = { steps: [new Charge()] };
  const run = createStepRunner({ processor, stepLimitMs: 1_000, signal: new AbortController().signal });
  expect(await run(order, 'step', 'run')).toEqual({ kind: 'done' });
});

test.each([
  ['NUL is left out', 'sold\0 out', 'sold out'],
  ['a lone surrogate is replaced', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
  ['a whole pair is kept', 'tea 🍵', 'tea 🍵'],
  ['it is cut by characters', '🍵'.repeat(STATE_REASON_CHARACTERS_MAX + 1), '🍵'.repeat(STATE_REASON_CHARACTERS_MAX)],
  ['a number is written out', 7, '7'],
  ['nothing is written out', undefined, ''],
])('the reason of a refusal can be kept and sent: %s', async (_what, reason, kept) => {
  expect(await runStep(() => ({ kind: 'refused', reason }))).toEqual({ kind: 'refused', reason: kept });
});
