import { FIRST_SEQUENCE, FIRST_STATE, isFinal, mayBecome } from '../orders/transitions.ts';
import type { Evidence, KeptEvent, KeptOrder, SeenChange } from './evidence.ts';
import type { Violation } from './violation.ts';

/** Every order has events without a gap that lead to its state, and whoever listened has seen exactly them. */
export function* checkEvents({
  orders,
  streamed,
  doubledInStream,
  watched,
}: Pick<Evidence, 'orders' | 'streamed' | 'doubledInStream' | 'watched'>): Generator<Violation> {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const wrong = (subject: string, what: string): Violation => ({ kind: 'eventWrong', subject, what });
  for (const order of orders) {
    const { orderId, events } = order;
    if (!leadsTo(order)) {
      yield wrong(orderId, `the order is ${order.state} with sequence ${order.sequence}, its events: ${told(events)}`);
    }
    const seen = streamed.get(orderId) ?? [];
    if (told(seen) !== told(events)) {
      yield wrong(orderId, `the stream had ${told(seen)}, the database ${told(events)}`);
    }
  }
  for (const entry of doubledInStream) {
    yield wrong(entry, 'the stream told the event once more');
  }
  for (const orderId of streamed.keys()) {
    if (!byId.has(orderId)) {
      yield wrong(orderId, 'the stream had events of an order that is not kept');
    }
  }
  for (const { orderId, seen, hasEnded } of watched) {
    const events = byId.get(orderId)?.events ?? [];
    const [first] = seen;
    const expected = events.filter(({ sequence }) => first !== undefined && sequence >= first.sequence);
    const last = seen.at(-1);
    if (!hasEnded || last === undefined || !isFinal(last.state) || told(seen) !== told(expected)) {
      const end = hasEnded ? 'and was ended' : 'and had no end';
      yield wrong(orderId, `a watcher saw ${told(seen)} ${end}, the database has ${told(events)}`);
    }
  }
}

function leadsTo({ events, state, sequence }: KeptOrder): boolean {
  return (
    events.length === sequence &&
    events.at(-1)?.state === state &&
    events.every((event, index) => event.sequence === FIRST_SEQUENCE + index && follows(event, events[index - 1]))
  );
}

function follows({ previousState, state }: KeptEvent, before: KeptEvent | undefined): boolean {
  if (before === undefined) {
    return previousState === undefined && state === FIRST_STATE;
  }
  return previousState === before.state && mayBecome(before.state, state);
}

function told(changes: readonly SeenChange[]): string {
  return changes.map(({ sequence, state }) => `${sequence} ${state}`).join(', ') || 'nothing';
}
