import type { CallEvidence, Evidence, KeptOrder, StepEffects, WatchEvidence } from '../../../src/simulator/evidence.ts';

/** A run of three orders in which all is as it should be: confirmed, cancelled in the middle, and refused at once. */
export function soundEvidence(): Evidence {
  const orders = [confirmed, cancelled, rejected];
  return {
    calls: [
      ...orders.map(createCall),
      { ...createCall(cancelled), key: 'cancel-2', kind: 'cancel', hashes: ['cancelled'] },
      { ...createCall(confirmed), key: 'cancel-1', kind: 'cancel', hashes: ['too late'], isOk: false },
    ],
    orders,
    doubledInStream: [],
    streamed: new Map(orders.map(({ orderId, events }) => [orderId, events])),
    watched: [
      { orderId: confirmed.orderId, seen: confirmed.events, hasEnded: true },
      { orderId: cancelled.orderId, seen: cancelled.events.slice(1), hasEnded: true },
    ],
    outside: {
      steps: ['reserve', 'charge'],
      effects: [
        effectsOf(confirmed, 'reserve', ['done']),
        effectsOf(confirmed, 'charge', ['done']),
        effectsOf(cancelled, 'reserve', ['done', 'undone']),
        effectsOf(cancelled, 'charge', ['undone']),
      ],
    },
  };
}

export const confirmed = keptOrder(1, ['PENDING', 'PROCESSING', 'CONFIRMED']);
export const cancelled: KeptOrder = {
  ...keptOrder(2, ['PENDING', 'PROCESSING', 'CANCELLED']),
  stateReason: 'cancel-2',
};
export const rejected = keptOrder(3, ['PENDING', 'PROCESSING', 'REJECTED']);

function keptOrder(number: number, states: readonly [KeptOrder['state'], ...KeptOrder['state'][]]): KeptOrder {
  return {
    orderId: `id-${number}`,
    key: `order-${number}`,
    state: states.at(-1) ?? states[0],
    stateReason: '',
    sequence: states.length,
    events: states.map((state, index) => ({
      sequence: index + 1,
      state,
      previousState: states[index - 1],
      time: new Date(index),
    })),
  };
}

function createCall({ orderId, key }: KeptOrder): CallEvidence {
  return { key, kind: 'create', orderId, isOk: true, hashes: ['placed'], unanswered: 0, alteredAccepted: 0 };
}

/** What was done outside, each under a key of its own. */
export function effectsOf(
  { orderId }: KeptOrder,
  step: string,
  kinds: readonly StepEffects['effects'][number]['kind'][],
): StepEffects {
  return { orderId, step, effects: kinds.map((kind, index) => ({ kind, key: `${step}-${kind}-${index}` })) };
}

export function withOrder(evidence: Evidence, number: number, change: Partial<KeptOrder>): Evidence {
  return { ...evidence, orders: changedAt(evidence.orders, number - 1, change) };
}

export function withCall(evidence: Evidence, key: string, change: Partial<CallEvidence>): Evidence {
  return { ...evidence, calls: evidence.calls.map((call) => (call.key === key ? { ...call, ...change } : call)) };
}

export function withWatch(evidence: Evidence, index: number, change: Partial<WatchEvidence>): Evidence {
  return { ...evidence, watched: changedAt(evidence.watched, index, change) };
}

export function withEffects(evidence: Evidence, changed: StepEffects): Evidence {
  const { steps = [], effects = [] } = evidence.outside ?? {};
  const others = effects.filter(({ orderId, step }) => orderId !== changed.orderId || step !== changed.step);
  return { ...evidence, outside: { steps, effects: [...others, changed] } };
}

function changedAt<Value>(values: readonly Value[], at: number, change: Partial<Value>): readonly Value[] {
  return values.map((value, index) => (index === at ? { ...value, ...change } : value));
}
