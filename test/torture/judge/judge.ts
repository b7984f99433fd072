import { type CallEvent, eventsOf, type History } from '../history.ts';
import { judgeOrders } from './judge-orders.ts';
import { isAnswer, judgeRecord } from './judge-record.ts';
import { judgeStatus } from './judge-status.ts';
import type { Violation } from './violation.ts';

/** Holds what the callers have lived against what the database has. Pure: a recorded history is judged just so. */
export function judge(history: History): readonly Violation[] {
  return [...violationsIn(history)];
}

function* violationsIn(history: History): Generator<Violation> {
  const calls = Map.groupBy(eventsOf(history, 'call'), ({ record }) => record);
  const orders = Map.groupBy(eventsOf(history, 'order'), ({ record }) => record);
  const kept = new Map(eventsOf(history, 'order').map((order) => [order.orderId, order]));
  const ledger = new Map(eventsOf(history, 'ledger').map((row) => [row.record, row]));
  if (orders.size === 0) {
    yield { kind: 'nothingProven', subject: 'the run', what: 'no order was placed' };
  }
  if (!eventsOf(history, 'fault').some(({ fault }) => fault !== 'everything-killed')) {
    yield { kind: 'nothingProven', subject: 'the run', what: 'no fault struck' };
  }
  for (const [record, ofRecord] of calls) {
    yield* judgeRecord({ record, calls: ofRecord, orders: orders.get(record) ?? [], entry: ledger.get(record), kept });
    for (const call of ofRecord) {
      yield* judgeStatus(call);
    }
  }
  yield* judgeOrders(history, ledger, calls);
  yield* judgeKeys(history, calls);
  for (const { what, count, allowed } of eventsOf(history, 'left')) {
    if (count > allowed) {
      yield { kind: 'leak', subject: what, what: `${count} are left, ${allowed} would be right` };
    }
  }
}

/** Nobody gives up before there is an answer, unless the key is dead. */
function* judgeKeys(history: History, calls: ReadonlyMap<string, readonly CallEvent[]>): Generator<Violation> {
  const dead = eventsOf(history, 'deadKey');
  for (const { record, waitedMs } of dead) {
    yield { kind: 'keyDead', subject: record, what: `had no answer ${Math.round(waitedMs)} ms after the last fault` };
  }
  const known = new Set(dead.map(({ record }) => record));
  for (const [record, ofRecord] of calls) {
    const last = ofRecord.reduce((one, other) => (other.endMs > one.endMs ? other : one));
    // What is no right status is found as such.
    if (!isAnswer(last) && !known.has(record) && judgeStatus(last).next().done === true) {
      yield { kind: 'keyDead', subject: record, what: `the last that was heard is ${last.code} ${last.reason}` };
    }
  }
}
