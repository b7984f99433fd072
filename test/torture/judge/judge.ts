import { eventsOf, type History } from '../history.ts';
import { judgeOrders } from './judge-orders.ts';
import { judgeRecord } from './judge-record.ts';
import { judgeStatus } from './judge-status.ts';
import type { Violation } from './violation.ts';

/** Holds what the callers have lived against what the database has. Pure: a recorded history is judged just so. */
export function judge(history: History): readonly Violation[] {
  return [...violationsIn(history)];
}

function* violationsIn(history: History): Generator<Violation> {
  const calls = Map.groupBy(eventsOf(history, 'call'), ({ record }) => record);
  const orders = Map.groupBy(eventsOf(history, 'order'), ({ record }) => record);
  const ledger = new Map(eventsOf(history, 'ledger').map((row) => [row.record, row]));
  if (orders.size === 0) {
    yield { kind: 'nothingProven', subject: 'the run', what: 'no order was placed' };
  }
  for (const [record, ofRecord] of calls) {
    yield* judgeRecord({ record, calls: ofRecord, orders: orders.get(record) ?? [], entry: ledger.get(record) });
    for (const call of ofRecord) {
      yield* judgeStatus(call);
    }
  }
  yield* judgeOrders(history, ledger, calls);
  for (const { record, waitedMs } of eventsOf(history, 'deadKey')) {
    yield { kind: 'keyDead', subject: record, what: `had no answer ${Math.round(waitedMs)} ms after the last fault` };
  }
  for (const { what, count, allowed } of eventsOf(history, 'left')) {
    if (count > allowed) {
      yield { kind: 'leak', subject: what, what: `${count} are left, ${allowed} would be right` };
    }
  }
}
