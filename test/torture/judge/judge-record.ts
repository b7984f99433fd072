import type { CallEvent, LedgerRow, OrderRow } from '../history.ts';
import type { Violation } from './violation.ts';

/** Everything about one record. */
export interface RecordEvidence {
  readonly record: string;
  readonly calls: readonly CallEvent[];
  readonly orders: readonly OrderRow[];
  readonly entry: LedgerRow | undefined;
  /** All that are kept, by their ids. */
  readonly kept: ReadonlyMap<string, OrderRow>;
}

/** The handlers' own final failures: they are an outcome, like an answer. */
const finalReasons: ReadonlySet<string> = new Set(['ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE']);

/** Whether a call has heard its record's outcome. */
export function isOutcome({ code, reason }: CallEvent): boolean {
  return code === 'OK' || finalReasons.has(reason);
}

/** Whether a caller need not come again: it has heard the outcome, or that the key is another's. */
export function isAnswer(call: CallEvent): boolean {
  return isOutcome(call) || isReused(call);
}

/** One record, one order, one answer; what was acknowledged is kept; nobody was refused without cause. */
export function* judgeRecord(evidence: RecordEvidence): Generator<Violation> {
  const { record, calls, orders, kept } = evidence;
  const outcomes = calls.filter(isOutcome);
  const executed = outcomes.filter(({ isReplay }) => !isReplay);
  if (orders.length > 1) {
    const ids = orders.map(({ orderId }) => orderId).join(', ');
    yield { kind: 'orderDoubled', subject: record, what: `there are ${orders.length} orders: ${ids}` };
  }
  if (executed.length > 1) {
    yield {
      kind: 'orderDoubled',
      subject: record,
      what: `${executed.length} calls were told that they were the first`,
    };
  }
  yield* judgeAnswers(evidence, outcomes);
  for (const call of outcomes) {
    yield* call.method === 'create' ? judgePlaced(call, orders) : judgeCancelled(call, kept);
  }
  for (const call of calls) {
    yield* judgeRefusal(call, calls);
  }
  yield* judgeLastWords(record, calls);
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

/** An order can always be placed, and the one that is kept is the one that was answered. */
function* judgePlaced(call: CallEvent, orders: readonly OrderRow[]): Generator<Violation> {
  const { record, code, reason, orderId, answeredRequest } = call;
  if (code !== 'OK') {
    yield { kind: 'refusedWrongly', subject: record, what: `a good order was refused for good: ${code} ${reason}` };
    return;
  }
  yield* judgeAnswered(call);
  const order = orders.find((each) => each.orderId === orderId);
  if (order === undefined) {
    const what = `the answer named the order ${orderId}, which is not kept`;
    yield { kind: 'acknowledgedLost', subject: record, what };
  } else if (order.request !== answeredRequest) {
    const what = `${answeredRequest} was answered, and the order that is kept is ${order.request}'s`;
    yield { kind: 'strangerAnswered', subject: record, what };
  }
}

function* judgeCancelled(call: CallEvent, kept: RecordEvidence['kept']): Generator<Violation> {
  const { record, code, reason, wanted, orderId = 'without an id' } = call;
  if (wanted !== undefined && reason === 'ORDER_NOT_FOUND' && kept.has(wanted)) {
    yield { kind: 'refusedWrongly', subject: record, what: `the order ${wanted} was not found, and is kept` };
  }
  if (wanted !== undefined && reason === 'ORDER_NOT_CANCELLABLE' && !kept.has(wanted)) {
    yield { kind: 'refusedWrongly', subject: record, what: `the order ${wanted} is past cancelling, and is not kept` };
  }
  if (code !== 'OK') {
    return;
  }
  if (wanted !== undefined && wanted !== orderId) {
    yield { kind: 'strangerAnswered', subject: record, what: `${wanted} was to be cancelled, and ${orderId} was` };
  }
  yield* judgeAnswered(call);
  const state = kept.get(orderId)?.state;
  if (state !== 'CANCELLED') {
    const what = `was cancelled, and the order ${orderId} is ${state ?? 'not kept'}`;
    yield { kind: 'acknowledgedLost', subject: record, what };
  }
}

function* judgeAnswered({ record, request, answeredRequest }: CallEvent): Generator<Violation> {
  if (answeredRequest !== request) {
    yield { kind: 'strangerAnswered', subject: record, what: `${request} got the answer of ${answeredRequest}` };
  }
}

/**
 * A key may be refused to a request only while or after it was another's, and never after this one was answered. Whoever was refused
 * has never had the key.
 */
function* judgeRefusal(call: CallEvent, calls: readonly CallEvent[]): Generator<Violation> {
  const { record, request, startMs, endMs } = call;
  if (!isReused(call)) {
    return;
  }
  if (calls.some((other) => other.request === request && isOutcome(other) && other.endMs < startMs)) {
    yield { kind: 'refusedWrongly', subject: record, what: `${request} had been answered, and was refused afterwards` };
  }
  if (!calls.some((other) => other.request !== request && !isReused(other) && other.startMs < endMs)) {
    const what = `${request} was refused, and nobody else can have had the key`;
    yield { kind: 'refusedWrongly', subject: record, what };
  }
}

/** Everybody is asked again when all is at rest: who is refused then, is so for the outcome of another request. */
function* judgeLastWords(record: string, calls: readonly CallEvent[]): Generator<Violation> {
  for (const [request, own] of Map.groupBy(calls, (call) => call.request)) {
    const last = own.reduce((one, other) => (other.endMs > one.endMs ? other : one));
    if (isReused(last) && !calls.some((other) => other.request !== request && isOutcome(other))) {
      const what = `${request} is refused to the end, and no other request has an outcome`;
      yield { kind: 'refusedWrongly', subject: record, what };
    }
  }
}

function isReused({ reason }: CallEvent): boolean {
  return reason === 'IDEMPOTENCY_KEY_REUSED';
}
