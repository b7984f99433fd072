import type { CallEvent, LedgerRow, OrderRow } from '../history.ts';
import type { Violation } from './violation.ts';

/** Everything about one record. */
export interface RecordEvidence {
  readonly record: string;
  readonly calls: readonly CallEvent[];
  readonly orders: readonly OrderRow[];
  readonly entry: LedgerRow | undefined;
}

/** The handlers' own final failures: they are an outcome, like an answer. */
const finalReasons: ReadonlySet<string> = new Set(['ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE']);

/** Whether a call has heard its record's outcome. */
export function isOutcome({ code, reason }: CallEvent): boolean {
  return code === 'OK' || finalReasons.has(reason);
}

/** One record, one order, one answer; what was acknowledged is kept; nobody was refused without cause. */
export function* judgeRecord(evidence: RecordEvidence): Generator<Violation> {
  const { record, calls, orders } = evidence;
  const outcomes = calls.filter(isOutcome);
  if (orders.length > 1) {
    const ids = orders.map(({ orderId }) => orderId).join(', ');
    yield { kind: 'orderDoubled', subject: record, what: `there are ${orders.length} orders: ${ids}` };
  }
  yield* judgeAnswers(evidence, outcomes);
  for (const call of outcomes) {
    yield* judgeContent(call, orders);
  }
  for (const call of calls) {
    yield* judgeRefusal(call, outcomes);
  }
}

function* judgeAnswers({ record, entry }: RecordEvidence, outcomes: readonly CallEvent[]): Generator<Violation> {
  const hashes = [...new Set(outcomes.map(({ hash }) => hash))];
  if (hashes.length > 1) {
    yield { kind: 'answerDiffers', subject: record, what: `there were ${hashes.length} answers: ${hashes.join(', ')}` };
  }
  const [first] = hashes;
  if (first !== undefined && entry === undefined) {
    yield { kind: 'acknowledgedLost', subject: record, what: 'was answered, but the ledger has no entry' };
  }
  if (first !== undefined && entry !== undefined && entry.hash !== first) {
    yield { kind: 'answerDiffers', subject: record, what: `the answer was ${first}, the ledger has ${entry.hash}` };
  }
}

function* judgeContent(call: CallEvent, orders: readonly OrderRow[]): Generator<Violation> {
  const { record, request, orderId, answeredRequest } = call;
  if (call.code !== 'OK') {
    return;
  }
  if (answeredRequest !== request) {
    yield { kind: 'strangerAnswered', subject: record, what: `${request} got the answer of ${answeredRequest}` };
  }
  const kept = orders.find((order) => order.orderId === orderId);
  if (call.method === 'create' && kept === undefined) {
    yield {
      kind: 'acknowledgedLost',
      subject: record,
      what: `the answer named the order ${orderId}, which is not kept`,
    };
  }
}

/** A key may be refused to a request only while or after it was another's, and never after this one was answered. */
function* judgeRefusal(call: CallEvent, outcomes: readonly CallEvent[]): Generator<Violation> {
  const { record, request, startMs } = call;
  if (call.reason !== 'IDEMPOTENCY_KEY_REUSED') {
    return;
  }
  if (outcomes.some((outcome) => outcome.request === request && outcome.endMs < startMs)) {
    yield { kind: 'refusedWrongly', subject: record, what: `${request} had been answered, and was refused afterwards` };
  }
}
