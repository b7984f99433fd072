import type { CallEvent, History, HistoryEvent, LedgerRow, OrderRow } from '../../torture/history.ts';

type Between = readonly [startMs: number, endMs: number];

/** A call that was executed and heard OK, unless told otherwise. */
function callOf(record: string, [startMs, endMs]: Between, change: Partial<CallEvent>): CallEvent {
  const [method, key = ''] = record.split(' ');
  return {
    kind: 'call',
    record,
    method: method === 'cancel' ? 'cancel' : 'create',
    client: 0,
    request: key,
    items: method === 'cancel' ? 0 : 2,
    server: 'server-1',
    startMs,
    endMs,
    code: 'OK',
    reason: 'OK',
    message: '',
    hash: `answer to ${record}`,
    isReplay: false,
    orderId: undefined,
    answeredRequest: undefined,
    ...change,
  };
}

/** A call that placed an order, or heard of it once more. */
export function placedBy(key: string, between: Between, change: Partial<CallEvent> = {}): CallEvent {
  return callOf(`create ${key}`, between, { orderId: `id-${key}`, answeredRequest: key, ...change });
}

/** A call that cancelled an order, or heard of it once more. */
export function cancelledBy(key: string, between: Between, change: Partial<CallEvent> = {}): CallEvent {
  return callOf(`cancel ${key}`, between, { orderId: `id-${key}`, answeredRequest: key, ...change });
}

/** A call that heard a failure. */
export function failed(
  record: string,
  between: Between,
  code: string,
  reason = code,
  change: Partial<CallEvent> = {},
): CallEvent {
  return callOf(record, between, {
    code,
    reason,
    message: `${reason} was said`,
    hash: `failure of ${record}`,
    ...change,
  });
}

/** A request that was refused because another one has its key. */
export function refusedAsReused(record: string, request: string, between: Between): CallEvent {
  return failed(record, between, 'INVALID_ARGUMENT', 'IDEMPOTENCY_KEY_REUSED', { request, hash: 'reused' });
}

/** An order that has been confirmed, unless told otherwise. */
export function orderOf(key: string, change: Partial<OrderRow> = {}): OrderRow {
  return {
    kind: 'order',
    orderId: `id-${key}`,
    record: `create ${key}`,
    request: key,
    state: 'CONFIRMED',
    sequence: 3,
    items: 2,
    events: 3,
    jobs: 0,
    ...change,
  };
}

/** An entry with the answer that calls have heard. */
export function entryOf(record: string, change: Partial<LedgerRow> = {}): LedgerRow {
  return { kind: 'ledger', record, state: 'COMPLETED', hash: `answer to ${record}`, ...change };
}

/** An entry with the failure that calls have heard. */
export function failureEntryOf(record: string): LedgerRow {
  return entryOf(record, { state: 'FAILED', hash: `failure of ${record}` });
}

export function historyOf(events: readonly HistoryEvent[]): History {
  return { run: { kind: 'run', seed: 'tea', seconds: 90, servers: 3, clients: 32 }, events };
}

/** All that a key can live through when all is well; each piece has a name, so that a test can spoil it. */
export const tea = {
  created: placedBy('tea', [100, 110]),
  createdAgain: placedBy('tea', [200, 201], { isReplay: true, client: 1, server: 'server-2' }),
  changed: refusedAsReused('create tea', 'tea-changed', [300, 301]),
  cancelled: cancelledBy('tea', [400, 410]),
  cancelledAgain: cancelledBy('tea', [500, 501], { isReplay: true }),
  order: orderOf('tea', { state: 'CANCELLED', sequence: 2, events: 2 }),
  createEntry: entryOf('create tea'),
  cancelEntry: entryOf('cancel tea'),
} as const;

/** An order that comes to its end, and is to be cancelled too late. */
export const cocoa = {
  created: placedBy('cocoa', [150, 160]),
  createdAgain: placedBy('cocoa', [900, 901], { isReplay: true }),
  tooLate: failed('cancel cocoa', [700, 710], 'FAILED_PRECONDITION', 'ORDER_NOT_CANCELLABLE'),
  order: orderOf('cocoa'),
  createEntry: entryOf('create cocoa'),
  cancelEntry: failureEntryOf('cancel cocoa'),
} as const;

/** A cancellation of an order that there is not. */
export const gone = {
  refused: failed('cancel gone', [600, 610], 'NOT_FOUND', 'ORDER_NOT_FOUND'),
  refusedAgain: failed('cancel gone', [650, 651], 'NOT_FOUND', 'ORDER_NOT_FOUND', { isReplay: true }),
  entry: failureEntryOf('cancel gone'),
} as const;

/** Without one, a run proves nothing. */
export const flush = { kind: 'fault', fault: 'redis-flushed', what: 'FLUSHALL', startMs: 205, endMs: 206 } as const;

/** A short run in which all is as it should be. */
export const sound = historyOf([
  ...Object.values(tea),
  ...Object.values(cocoa),
  ...Object.values(gone),
  flush,
  { kind: 'left', what: 'waits for locks', count: 0, allowed: 0 },
  { kind: 'left', what: 'sessions of the database', count: 90, allowed: 90 },
]);

/** The sound run with something put in the place of an event; with nothing, it is left out. */
export function insteadOf(event: HistoryEvent, ...others: readonly HistoryEvent[]): History {
  return historyOf(sound.events.flatMap((each) => (each === event ? others : [each])));
}

/** The sound run, and more. */
export function soundWith(...events: readonly HistoryEvent[]): History {
  return historyOf([...sound.events, ...events]);
}
