import type { Exposition } from './exposition.ts';
import { latencyOf } from './latency.ts';
import type { Span } from './span.ts';
import { type Figure, maxOf, rateOf, sumOf } from './sums.ts';
import type { View } from './view.ts';

/** What the protocol did with calls, in the order of the frame; the last ones only where there is room. */
export const outcomes = [
  'executed',
  'replayed',
  'waited',
  'mismatch',
  'failed',
  'released',
  'takeover',
  'given_up',
  'lost_ownership',
  'background_fault',
] as const;

export const errorKinds = ['timeout', 'connection', 'refused', 'reply'] as const;
export const readCauses = ['unavailable', 'askLedger', 'takeover', 'mismatch', 'frozen', 'conflict'] as const;

/** What a frame shows, of all processes together. Durations and ages are in seconds, and rates a second. */
export type Figures = ReturnType<typeof figuresOf>;

/**
 * Makes the figures of the processes that can be read. What each of them counts is added up; what only the database knows is the same
 * in all of them. What nobody tells is undefined, and not 0.
 */
export function figuresOf(views: readonly View[]) {
  const now = views.flatMap(({ latest }) => (latest.kind === 'read' ? [latest.exposition] : []));
  const spans = views.flatMap(({ last }) => last ?? []);
  const longer = views.flatMap(({ window }) => window ?? []);
  return {
    processes: now.length,
    uptime: minUptime(now),
    callsASecond: rateOf(spans, 'keys'),
    outcomes: outcomes.map((outcome) => ({
      outcome,
      aSecond: rateOf(spans, 'outcomes', { outcome }),
      inAll: sumOf(now, 'outcomes', { outcome }),
    })),
    latencies: latenciesOf(longer),
    work: {
      open: sumOf(now, 'callsInFlight'),
      running: sumOf(now, 'running'),
      waiting: sumOf(now, 'waiters'),
      oldest: maxOf(now, 'oldestPending'),
    },
    redis: {
      degraded: sumOf(now, 'degraded'),
      circuitsOpen: sumOf(now, 'circuitOpen'),
      degradedInAll: maxOf(now, 'degradedTime'),
      degradedNow: greatest(views.map(({ degradedFor }) => degradedFor)),
      errors: errorKinds.map((kind) => ({ name: kind, aSecond: rateOf(spans, 'storeErrors', { kind }) })),
      ledgerReads: readCauses.map((cause) => ({ name: cause, aSecond: rateOf(spans, 'ledgerReads', { cause }) })),
    },
    database: {
      up: sumOf(now, 'databaseUp'),
      used: sumOf(now, 'connections', { 'db.client.connection.state': 'used' }),
      idle: sumOf(now, 'connections', { 'db.client.connection.state': 'idle' }),
      pending: sumOf(now, 'connectionsPending'),
      doubled: maxOf(now, 'doubled'),
    },
    queue: {
      due: maxOf(now, 'queueJobs', { state: 'due' }),
      delayed: maxOf(now, 'queueJobs', { state: 'delayed' }),
      running: maxOf(now, 'queueJobs', { state: 'running' }),
      oldest: maxOf(now, 'queueOldest'),
      workers: maxOf(now, 'workers'),
      setAside: maxOf(now, 'deadLetters'),
    },
    events: { behind: maxOf(now, 'eventsBehind'), lag: maxOf(now, 'eventLag') },
    ledger: {
      rows: maxOf(now, 'ledgerRows'),
      oldest: maxOf(now, 'ledgerOldest'),
      overdue: maxOf(now, 'ledgerOverdue'),
    },
    process: {
      cpu: rateOf(spans, 'cpuTime'),
      memory: sumOf(now, 'memory'),
      loopDelay: maxOf(now, 'eventLoopDelay'),
      loopUse: maxOf(now, 'eventLoopUse'),
    },
  };
}

function latenciesOf(spans: readonly Span[]) {
  return {
    createOrder: latencyOf(spans, 'callDuration', { 'rpc.method': 'orders.v1.OrderService/CreateOrder' }),
    begin: latencyOf(spans, 'beginDuration'),
    commit: latencyOf(spans, 'databaseOperations', { 'db.operation.name': 'place_orders' }),
    complete: latencyOf(spans, 'completeDuration'),
    wait: latencyOf(spans, 'waitDuration'),
  };
}

/** Of the process that has begun last. */
function minUptime(now: readonly Exposition[]): Figure {
  const known = now.flatMap((exposition) => maxOf([exposition], 'uptime') ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}

function greatest(values: readonly Figure[]): Figure {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
