import type { OrderState } from '../../../src/orders/order.ts';
import { FIRST_SEQUENCE, FIRST_STATE, isFinal, transitions } from '../../../src/orders/transitions.ts';
import { type CallEvent, eventsOf, type History, type LedgerRow, type OrderRow } from '../history.ts';
import type { Violation } from './violation.ts';

/** Every order is whole, and somebody has asked for it, once. */
export function* judgeOrders(
  history: History,
  ledger: ReadonlyMap<string, LedgerRow>,
  calls: ReadonlyMap<string, readonly CallEvent[]>,
): Generator<Violation> {
  const orders = eventsOf(history, 'order');
  yield* judgeDoubles(orders, eventsOf(history, 'ledger'));
  const named = new Set(eventsOf(history, 'call').map(({ method, orderId }) => `${method} ${orderId}`));
  for (const order of orders) {
    const asked = calls.get(order.record)?.find(({ request }) => request === order.request);
    const faults = [...faultsOf(order, asked, ledger.get(order.record))];
    if (order.state === 'CANCELLED' && !named.has(`cancel ${order.orderId}`)) {
      faults.push('is CANCELLED, and nobody was told so');
    }
    if (faults.length > 0) {
      yield { kind: 'orderIncomplete', subject: order.record, what: `${order.orderId} ${faults.join(', ')}` };
    }
  }
  for (const record of ledger.keys()) {
    if (!calls.has(record)) {
      yield { kind: 'orderIncomplete', subject: record, what: 'the ledger has an entry that nobody has asked for' };
    }
  }
}

function* judgeDoubles(orders: readonly OrderRow[], entries: readonly LedgerRow[]): Generator<Violation> {
  for (const [request, same] of Map.groupBy(orders, (order) => order.request)) {
    // By what stands in the orders, whatever their keys have become.
    const records = new Set(same.map(({ record }) => record));
    for (const record of records.size > 1 ? records : []) {
      yield { kind: 'orderDoubled', subject: record, what: `${request} has orders under ${[...records].join(', ')}` };
    }
  }
  for (const [record, same] of Map.groupBy(entries, (entry) => entry.record)) {
    if (same.length > 1) {
      yield { kind: 'orderDoubled', subject: record, what: `the ledger has ${same.length} entries` };
    }
  }
}

function* faultsOf(order: OrderRow, asked: CallEvent | undefined, entry: LedgerRow | undefined): Generator<string> {
  if (asked === undefined) {
    yield 'was asked for by nobody';
  } else if (order.items !== asked.items) {
    yield `has ${order.items} of ${asked.items} items`;
  }
  if (entry?.state !== 'COMPLETED') {
    yield `has ${entry === undefined ? 'no' : 'a FAILED'} ledger entry`;
  }
  if (order.events !== order.sequence) {
    yield `has ${order.events} of ${order.sequence} events`;
  }
  if (!sequencesOf(order.state).includes(order.sequence)) {
    yield `is ${order.state} after ${order.sequence} events`;
  }
  if (!isFinal(order.state) && order.jobs === 0) {
    yield `is ${order.state} and has no job`;
  }
}

/** How many events an order may have had that is in a state. */
function sequencesOf(state: OrderState): readonly number[] {
  return [
    ...(state === FIRST_STATE ? [FIRST_SEQUENCE] : []),
    ...transitions
      .filter(({ to }) => to === state)
      .flatMap(({ from }) => sequencesOf(from).map((before) => before + 1)),
  ];
}
