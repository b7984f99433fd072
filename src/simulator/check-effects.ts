import { isFinal } from '../orders/transitions.ts';
import type { Evidence, KeptOrder, StepEffects } from './evidence.ts';
import type { Violation } from './violation.ts';

type Effects = StepEffects['effects'];

/** Outside, each step was done once for a confirmed order, and is done for no other. */
export function* checkEffects({ orders, outside }: Pick<Evidence, 'orders' | 'outside'>): Generator<Violation> {
  if (outside === undefined) {
    return;
  }
  const known = new Set(orders.map(({ orderId }) => orderId));
  const byOrder = Map.groupBy(outside.effects, ({ orderId }) => orderId);
  for (const { orderId, step, effects } of outside.effects) {
    const keys = doneIn(effects).map(({ key }) => key);
    if (keys.length > 1) {
      yield wrong(orderId, `${step} was done ${keys.length} times, under ${keys.join(', ')}`);
    }
    if (!known.has(orderId)) {
      yield wrong(orderId, `${step} was done for an order that is not kept`);
    }
  }
  for (const order of orders) {
    if (isFinal(order.state)) {
      const ofOrder = new Map(byOrder.get(order.orderId)?.map(({ step, effects }) => [step, effects]));
      yield* checkOrder(order, outside.steps, ofOrder);
    }
  }
}

function* checkOrder(
  { orderId, state }: KeptOrder,
  steps: readonly string[],
  effectsOf: ReadonlyMap<string, Effects>,
): Generator<Violation> {
  for (const step of steps) {
    const effects = effectsOf.get(step) ?? [];
    const isDone = effects.at(-1)?.kind === 'done';
    if (state === 'CONFIRMED' && !(isDone && effects.length === 1)) {
      yield wrong(orderId, `the order is CONFIRMED, but ${step} was ${told(effects)}`);
    }
    if (state !== 'CONFIRMED' && doneIn(effects).length > 0 && isDone) {
      yield wrong(orderId, `the order is ${state}, but ${step} was ${told(effects)}`);
    }
  }
}

function doneIn(effects: Effects): Effects {
  return effects.filter(({ kind }) => kind === 'done');
}

function told(effects: Effects): string {
  return effects.map(({ kind }) => kind).join(', then ') || 'never done';
}

function wrong(subject: string, what: string): Violation {
  return { kind: 'effectDoubled', subject, what };
}
