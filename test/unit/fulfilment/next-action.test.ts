import { expect, test } from '@jest/globals';
import { type Action, nextAction } from '../../../src/fulfilment/next-action.ts';
import { type StepRecord, type StepState, stepStates } from '../../../src/fulfilment/step.ts';
import { type OrderState, orderStates } from '../../../src/orders/order.ts';
import { isFinal, mayBecome } from '../../../src/orders/transitions.ts';
import { sampleOrder } from './sample-order.ts';

const stepNames = ['a', 'b'];

/** Records in the order in which the steps have begun: `a:DONE b:BEGUN`. */
function recordsOf(text: string): readonly StepRecord[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [step = '', name = ''] = word.split(':');
      const state = stepStates.find((known) => known === name);
      if (state === undefined) throw new Error(`${name} is no state of a step`);
      return { step, state };
    });
}

function actionFor(state: OrderState, steps: string): Action {
  return nextAction(sampleOrder({ state }), recordsOf(steps), stepNames);
}

const rows: readonly (readonly [OrderState, string, Action])[] = [
  ['PENDING', '', { kind: 'change', to: 'PROCESSING', begin: 'a' }],
  ['PROCESSING', '', { kind: 'begin', step: 'a' }],
  ['PROCESSING', 'a:BEGUN', { kind: 'run', step: 'a' }],
  ['PROCESSING', 'a:DONE', { kind: 'begin', step: 'b' }],
  ['PROCESSING', 'a:DONE b:BEGUN', { kind: 'run', step: 'b' }],
  ['PROCESSING', 'a:DONE b:DONE', { kind: 'change', to: 'CONFIRMED' }],
  ['PROCESSING', 'a:REFUSED', { kind: 'change', to: 'REJECTED' }],
  ['PROCESSING', 'a:DONE b:REFUSED', { kind: 'change', to: 'REJECTED' }],
  // A step that was put before those that an order has begun with is not left out.
  ['PROCESSING', 'b:DONE', { kind: 'begin', step: 'a' }],
  ['PROCESSING', 'b:BEGUN', { kind: 'begin', step: 'a' }],
  // A step that is no longer in the processor is not run again.
  ['PROCESSING', 'gone:DONE a:DONE b:DONE', { kind: 'change', to: 'CONFIRMED' }],
  ['CONFIRMED', '', { kind: 'nothing' }],
  ['CONFIRMED', 'a:DONE b:DONE', { kind: 'nothing' }],
  ...(['REJECTED', 'CANCELLED'] as const).flatMap((state): (readonly [OrderState, string, Action])[] => [
    [state, '', { kind: 'nothing' }],
    [state, 'a:BEGUN', { kind: 'undo', step: 'a' }],
    [state, 'a:DONE', { kind: 'undo', step: 'a' }],
    [state, 'a:DONE b:BEGUN', { kind: 'undo', step: 'b' }],
    [state, 'a:DONE b:DONE', { kind: 'undo', step: 'b' }],
    [state, 'b:DONE a:DONE', { kind: 'undo', step: 'a' }],
    [state, 'a:DONE b:UNDONE', { kind: 'undo', step: 'a' }],
    [state, 'a:DONE b:REFUSED', { kind: 'undo', step: 'a' }],
    [state, 'a:REFUSED', { kind: 'nothing' }],
    [state, 'a:UNDONE b:UNDONE', { kind: 'nothing' }],
    [state, 'gone:DONE', { kind: 'undo', step: 'gone' }],
  ]),
];

test.each(rows)('an order that is %s with the steps "%s": %j', (state, steps, action) => {
  expect(actionFor(state, steps)).toEqual(action);
});

test('an order without any step is confirmed once it is processed', () => {
  expect(nextAction(sampleOrder(), [], [])).toEqual({ kind: 'change', to: 'PROCESSING', begin: undefined });
  expect(nextAction(sampleOrder({ state: 'PROCESSING' }), [], [])).toEqual({ kind: 'change', to: 'CONFIRMED' });
});

const progress = ['', ...stepStates] as const;
const everyProgress = progress.flatMap((one) => progress.map((other) => progressOf(one, other)));

function progressOf(one: StepState | '', other: StepState | ''): string {
  return [one && `a:${one}`, other && `b:${other}`].filter((word) => word !== '').join(' ');
}

test.each(orderStates)(
  'whatever its steps: nothing is asked of an order that is %s but what its state allows',
  (state) => {
    for (const steps of everyProgress) {
      const action = actionFor(state, steps);
      if (action.kind === 'change') expect([steps, mayBecome(state, action.to)]).toEqual([steps, true]);
      if (action.kind === 'run' || action.kind === 'begin') expect([steps, isFinal(state)]).toEqual([steps, false]);
      if (action.kind === 'undo') expect([steps, isFinal(state)]).toEqual([steps, true]);
    }
  },
);

test('whoever takes an order over decides the same (A7)', () => {
  for (const state of orderStates) {
    for (const steps of everyProgress) {
      const first = nextAction(sampleOrder({ state, sequence: 2 }), recordsOf(steps), stepNames);
      const later = sampleOrder({ state, sequence: 3, updateTime: new Date(), stateReason: 'other' });
      expect(nextAction(later, recordsOf(steps), [...stepNames])).toEqual(first);
    }
  }
});
