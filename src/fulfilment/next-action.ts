import type { Order, OrderState } from '../orders/order.ts';
import type { StepRecord, StepState } from './step.ts';

/** What is to be done for an order, as it is. */
export type Action =
  /** To be written down before anything else. */
  | { readonly kind: 'change'; readonly to: OrderState; readonly begin?: string | undefined }
  | { readonly kind: 'begin'; readonly step: string }
  /** To be done outside. */
  | { readonly kind: 'run'; readonly step: string }
  | { readonly kind: 'undo'; readonly step: string }
  | { readonly kind: 'nothing' };

/** Decides what comes next, from the order's state and its steps alone: whoever takes an order over decides the same. */
export function nextAction(order: Order, records: readonly StepRecord[], stepNames: readonly string[]): Action {
  const stateOf = new Map<string, StepState>(records.map(({ step, state }) => [step, state]));
  switch (order.state) {
    case 'PENDING':
      return { kind: 'change', to: 'PROCESSING', begin: stepNames[0] };
    case 'PROCESSING':
      return nextStep(stateOf, stepNames);
    case 'CONFIRMED':
      return { kind: 'nothing' };
    case 'REJECTED':
    case 'CANCELLED':
      return lastEffect(records);
  }
}

function nextStep(stateOf: ReadonlyMap<string, StepState>, stepNames: readonly string[]): Action {
  if ([...stateOf.values()].includes('REFUSED')) {
    return { kind: 'change', to: 'REJECTED' };
  }
  const step = stepNames.find((name) => stateOf.get(name) !== 'DONE');
  if (step === undefined) {
    return { kind: 'change', to: 'CONFIRMED' };
  }
  return { kind: stateOf.get(step) === 'BEGUN' ? 'run' : 'begin', step };
}

/** What has begun last is undone first. */
function lastEffect(records: readonly StepRecord[]): Action {
  const last = records.findLast(({ state }) => state === 'BEGUN' || state === 'DONE');
  return last === undefined ? { kind: 'nothing' } : { kind: 'undo', step: last.step };
}
