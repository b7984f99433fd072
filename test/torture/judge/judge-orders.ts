import { isFinal } from '../../../src/orders/transitions.ts';
import { type CallEvent, eventsOf, type History, type LedgerRow, type OrderRow } from '../history.ts';
import type { Violation } from './violation.ts';

/** Every order is whole, and somebody has asked for it, once. */
export function* judgeOrders(
  history: History,
  ledger: ReadonlyMap<string, LedgerRow>,
  calls: ReadonlyMap<string, readonly CallEvent[]>,
): Generator<Violation> {
  const orders = eventsOf(history, 'order');
  for (const [request, same] of Map.groupBy(orders, (order) => order.request)) {
    // By what stands in the orders, whatever their keys have become.
    if (new Set(same.map(({ record }) => record)).size > 1) {
      const records = same.map(({ record }) => record).join(', ');
      yield { kind: 'orderDoubled', subject: request, what: `one request has orders under ${records}` };
    }
  }
  for (const order of orders) {
    const asked = calls.get(order.record)?.find(({ request }) => request === order.request);
    const faults = [...faultsOf(order, asked, ledger.get(order.record))];
    if (faults.length > 0) {
      yield { kind: 'orderIncomplete', subject: order.record, what: `${order.orderId} ${faults.join(', ')}` };
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
  if (!isFinal(order.state) && order.jobs === 0) {
    yield `is ${order.state} and has no job`;
  }
}
