import { isFinal } from '../orders/transitions.ts';
import type { CallEvidence, Evidence, KeptOrder } from './evidence.ts';
import type { Violation } from './violation.ts';

/** One key, one order, one answer; what was acknowledged is there, and has come to its end. */
export function* checkCalls({ calls, orders }: Pick<Evidence, 'calls' | 'orders'>): Generator<Violation> {
  const byKey = Map.groupBy(orders, ({ key }) => key);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  if (orders.length === 0) {
    yield { kind: 'nothingProven', subject: 'the run', what: 'no order was placed' };
  }
  for (const [key, same] of byKey) {
    if (same.length > 1) {
      const ids = same.map(({ orderId }) => orderId).join(', ');
      yield { kind: 'orderDoubled', subject: key, what: `the key has ${same.length} orders: ${ids}` };
    }
  }
  for (const call of calls) {
    yield* checkAnswers(call);
    yield* call.kind === 'create' ? checkCreated(call, byKey.get(call.key) ?? []) : checkCancelled(call, byId);
  }
  for (const { orderId, state } of orders) {
    if (!isFinal(state)) {
      yield { kind: 'orderNotFinal', subject: orderId, what: `the order is ${state}` };
    }
  }
}

function* checkAnswers({ key, hashes, unanswered, alteredAccepted }: CallEvidence): Generator<Violation> {
  if (hashes.length > 1) {
    yield { kind: 'answerDiffers', subject: key, what: `there were ${hashes.length} answers: ${hashes.join(', ')}` };
  }
  if (alteredAccepted > 0) {
    yield { kind: 'answerDiffers', subject: key, what: 'another request under the key was not refused' };
  }
  if (unanswered > 0) {
    yield { kind: 'callUnanswered', subject: key, what: `${unanswered} calls were never answered` };
  }
}

function* checkCreated({ key, orderId, isOk, hashes }: CallEvidence, kept: readonly KeptOrder[]): Generator<Violation> {
  if (!isOk && hashes.length > 0) {
    yield { kind: 'callRefused', subject: key, what: 'the order was refused, though nothing is wrong with it' };
  }
  if (isOk && !kept.some((order) => order.orderId === orderId)) {
    yield { kind: 'orderLost', subject: key, what: `the answer named the order ${orderId}, which is not kept` };
  }
}

/** Exactly one has won: the order is cancelled under this key if and only if the answer says so. */
function* checkCancelled(
  { key, orderId = '', isOk, hashes }: CallEvidence,
  byId: ReadonlyMap<string, KeptOrder>,
): Generator<Violation> {
  const order = byId.get(orderId);
  const isCancelledByIt = order?.state === 'CANCELLED' && order.stateReason === key;
  if (isOk && !isCancelledByIt) {
    yield {
      kind: 'orderLost',
      subject: orderId,
      what: `the cancellation ${key} was acknowledged, but the order is ${order?.state ?? 'not kept'}`,
    };
  }
  if (!isOk && hashes.length > 0 && isCancelledByIt) {
    yield { kind: 'answerDiffers', subject: orderId, what: `the cancellation ${key} was refused, but happened` };
  }
}
