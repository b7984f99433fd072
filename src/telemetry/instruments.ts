/**
 * What an attribute may be: one of these values, a method of the contract, one of those that change something, or a gRPC status. No caller
 * chooses any.
 */
export type AttributeRule = readonly string[] | 'method' | 'mutation' | 'status';

/** Something that is measured. */
export interface Instrument {
  /** As OpenTelemetry has it; Prometheus writes `_` for a dot, and the unit behind it. */
  readonly name: string;
  /** Counters and histograms are told of what happens; gauges and totals are read whenever somebody asks. */
  readonly kind: 'counter' | 'histogram' | 'gauge' | 'total';
  /** In UCUM. */
  readonly unit: string;
  readonly meaning: string;
  readonly attributes?: Readonly<Record<string, AttributeRule>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** From a tenth of a millisecond, in which Redis answers, to the half minute that a call may take. */
const SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** From an answer without items to the largest that gRPC sends unless told otherwise. */
const BYTES = [64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304] as const;

/** Up to the largest group. */
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128] as const;

/** The names of gRPC's statuses. */
export const statusNames: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/**
 * Everything that is measured. docs/metrics.md is held against this table, and so are the alerts and the dashboard. Names without
 * `idempotency` or `orders` are those of OpenTelemetry's semantic conventions 1.45.
 */
export const instruments = {
  callDuration: {
    name: 'rpc.server.call.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long calls took, from their first byte to their end.',
    attributes: { 'rpc.method': 'method', 'rpc.response.status_code': 'status' },
    buckets: SECONDS,
  },
  callsInFlight: {
    name: 'orders.calls.in_flight',
    kind: 'gauge',
    unit: '{call}',
    meaning: 'Unary calls that are open now.',
  },
  watchers: {
    name: 'orders.watchers',
    kind: 'gauge',
    unit: '{stream}',
    meaning: 'Callers that watch an order now.',
  },
  outcomes: {
    name: 'idempotency.outcomes',
    kind: 'counter',
    unit: '{call}',
    meaning:
      'What the protocol did with calls: executed, failed (for good), replayed or released, refused for a mismatch, given up; and on the way: waited, took over, lost its claim.',
    attributes: {
      outcome: [
        'executed',
        'failed',
        'replayed',
        'released',
        'mismatch',
        'given_up',
        'waited',
        'takeover',
        'lost_ownership',
        'background_fault',
      ],
      method: 'mutation',
    },
  },
  keys: {
    name: 'idempotency.keys',
    kind: 'counter',
    unit: '{call}',
    meaning: 'Where the keys of calls came from.',
    attributes: { source: ['client', 'derived'] },
  },
  beginDuration: {
    name: 'idempotency.begin.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long Redis took to claim a record, or to say why not.',
    attributes: { answer: ['acquired', 'inProgress', 'settled', 'mismatch', 'askLedger', 'unavailable'] },
    buckets: SECONDS,
  },
  completeDuration: {
    name: 'idempotency.complete.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long Redis took to keep an outcome, behind the answer.',
    attributes: { answer: ['done', 'lost', 'unavailable'] },
    buckets: SECONDS,
  },
  waitDuration: {
    name: 'idempotency.wait.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long duplicates of running calls waited, whatever came of it.',
    buckets: SECONDS,
  },
  waiters: {
    name: 'idempotency.waiters',
    kind: 'gauge',
    unit: '{call}',
    meaning: 'Duplicates that wait now.',
  },
  running: {
    name: 'idempotency.running',
    kind: 'gauge',
    unit: '{call}',
    meaning: 'Calls whose handlers run now: the records that are PENDING by this process.',
  },
  oldestPending: {
    name: 'idempotency.pending.oldest',
    kind: 'gauge',
    unit: 's',
    meaning: 'How long the oldest of those has run; 0 if there is none.',
  },
  degraded: {
    name: 'idempotency.degraded',
    kind: 'gauge',
    unit: '1',
    meaning: '1 while calls go without Redis, else 0.',
  },
  degradedTime: {
    name: 'idempotency.degraded.time',
    kind: 'total',
    unit: 's',
    meaning: 'How long calls have gone without Redis, since the process began.',
  },
  circuitOpen: {
    name: 'idempotency.circuit.open',
    kind: 'gauge',
    unit: '1',
    meaning: '1 while the circuit to Redis is open, else 0.',
  },
  circuitChanges: {
    name: 'idempotency.circuit.changes',
    kind: 'counter',
    unit: '{change}',
    meaning: 'How often the circuit to Redis has opened and closed.',
    attributes: { to: ['open', 'closed'] },
  },
  storeErrors: {
    name: 'idempotency.store.errors',
    kind: 'counter',
    unit: '{command}',
    meaning: 'Commands to which Redis gave no usable answer.',
    attributes: { kind: ['timeout', 'connection', 'refused', 'reply'] },
  },
  ledgerReads: {
    name: 'idempotency.ledger.reads',
    kind: 'counter',
    unit: '{call}',
    meaning: 'Calls for which the ledger was asked, because Redis did not know or could not be believed.',
    attributes: { cause: ['unavailable', 'askLedger', 'takeover', 'mismatch', 'frozen', 'conflict'] },
  },
  recordSize: {
    name: 'idempotency.record.size',
    kind: 'histogram',
    unit: 'By',
    meaning: 'How large the outcomes are that are kept.',
    buckets: BYTES,
  },
  ledgerRows: {
    name: 'idempotency.ledger.rows',
    kind: 'gauge',
    unit: '{row}',
    meaning: 'Rows of the ledger, as PostgreSQL estimates them.',
  },
  ledgerOldest: {
    name: 'idempotency.ledger.oldest',
    kind: 'gauge',
    unit: 's',
    meaning: 'The age of the entry that expires first.',
  },
  ledgerOverdue: {
    name: 'idempotency.ledger.overdue',
    kind: 'gauge',
    unit: 's',
    meaning: 'For how long the clean-up should have deleted a row that is still there; 0 if there is none.',
  },
  groupSize: {
    name: 'orders.commit_group.size',
    kind: 'histogram',
    unit: '{order}',
    meaning: 'How many orders were committed together.',
    buckets: GROUP_SIZES,
  },
  changes: {
    name: 'orders.changes',
    kind: 'counter',
    unit: '{order}',
    meaning: 'Orders that processing has brought to a state.',
    attributes: { state: ['PENDING', 'PROCESSING', 'CONFIRMED', 'REJECTED', 'CANCELLED'] },
  },
  setAside: {
    name: 'orders.set_aside',
    kind: 'counter',
    unit: '{order}',
    meaning: 'Orders whose processing has failed for good.',
  },
  queueJobs: {
    name: 'orders.queue.jobs',
    kind: 'gauge',
    unit: '{job}',
    meaning: 'Jobs in the queue: due now, due later, or being worked on.',
    attributes: { state: ['due', 'delayed', 'running'] },
  },
  queueOldest: {
    name: 'orders.queue.oldest',
    kind: 'gauge',
    unit: 's',
    meaning: 'For how long the oldest due job has waited; 0 if there is none.',
  },
  deadLetters: {
    name: 'orders.dead_letters',
    kind: 'gauge',
    unit: '{order}',
    meaning: 'Orders that are set aside, and wait for somebody to look.',
  },
  workers: {
    name: 'orders.workers',
    kind: 'gauge',
    unit: '{worker}',
    meaning: 'Workers that are alive.',
  },
  eventsBehind: {
    name: 'orders.events.behind',
    kind: 'gauge',
    unit: '{event}',
    meaning: 'Events that are committed and not yet in the stream.',
  },
  eventLag: {
    name: 'orders.events.lag',
    kind: 'gauge',
    unit: 's',
    meaning: 'The age of the oldest of those; 0 if there is none.',
  },
  doubled: {
    name: 'orders.doubled',
    kind: 'gauge',
    unit: '{record}',
    meaning:
      'Records with more than one order within their time to live, among the latest 100,000 orders. Never anything but 0.',
  },
  databaseUp: {
    name: 'database.up',
    kind: 'gauge',
    unit: '1',
    meaning: '1 while the database can be reached, else 0.',
  },
  databaseOperations: {
    name: 'db.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long statements took, with the wait for a connection.',
    attributes: {
      'db.operation.name': ['place_orders', 'read_entries', 'read_vital_signs', 'count_doubled', 'write', 'read'],
    },
    buckets: SECONDS,
  },
  connections: {
    name: 'db.client.connection.count',
    kind: 'gauge',
    unit: '{connection}',
    meaning: 'Connections of the pool for calls.',
    attributes: { 'db.client.connection.state': ['idle', 'used'] },
  },
  connectionsPending: {
    name: 'db.client.connection.pending_requests',
    kind: 'gauge',
    unit: '{request}',
    meaning: 'Statements that wait for a connection now.',
  },
  cpuTime: {
    name: 'process.cpu.time',
    kind: 'total',
    unit: 's',
    meaning: 'CPU time of the process.',
    attributes: { 'cpu.mode': ['user', 'system'] },
  },
  memory: {
    name: 'process.memory.usage',
    kind: 'gauge',
    unit: 'By',
    meaning: 'Memory of the process that is resident.',
  },
  uptime: {
    name: 'process.uptime',
    kind: 'gauge',
    unit: 's',
    meaning: 'How long the process has run.',
  },
  eventLoopDelay: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    meaning: 'How late timers were since metrics were last read, at the 99th percentile.',
  },
  eventLoopUse: {
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    meaning: 'The share of time in which the event loop was busy since metrics were last read.',
  },
} as const satisfies Readonly<Record<string, Instrument>>;

export type InstrumentKey = keyof typeof instruments;

export const instrumentKeys = Object.keys(instruments).filter(isKey);

function isKey(name: string): name is InstrumentKey {
  return Object.hasOwn(instruments, name);
}

export function keysOfKind<Kind extends Instrument['kind']>(...kinds: readonly Kind[]): readonly KeysOf<Kind>[] {
  return instrumentKeys.filter((key): key is KeysOf<Kind> => kinds.some((kind) => instruments[key].kind === kind));
}

type KeysOf<Kind extends Instrument['kind']> = {
  [Key in InstrumentKey]: (typeof instruments)[Key]['kind'] extends Kind ? Key : never;
}[InstrumentKey];

export type CounterKey = KeysOf<'counter'>;
export type HistogramKey = KeysOf<'histogram'>;
/** What is read when somebody asks. */
export type ReadKey = KeysOf<'gauge' | 'total'>;

type ValueOf<Rule> = Rule extends readonly (infer Value)[] ? Value : string;

/** The attributes of a measurement: all of them, with values that the table allows. */
export type AttributesOf<Key extends InstrumentKey> = (typeof instruments)[Key] extends {
  readonly attributes: infer Rules;
}
  ? { readonly [Name in keyof Rules]: ValueOf<Rules[Name]> }
  : Readonly<Record<string, never>>;
