import type { Endpoint } from '../../../src/top/endpoint.ts';
import { endpointsOf } from '../../../src/top/endpoint.ts';
import { parseExposition } from '../../../src/top/exposition.ts';
import { type FrameOptions, frame } from '../../../src/top/frame.ts';
import { History } from '../../../src/top/history.ts';
import type { ReadResult, Unread } from '../../../src/top/read-endpoint.ts';
import type { Reading } from '../../../src/top/span.ts';
import { withoutColour } from '../../../src/top/tone.ts';
import type { View } from '../../../src/top/view.ts';

/** Values by series. */
export type Page = Readonly<Record<string, number>>;

const CREATE = 'orders.v1.OrderService/CreateOrder';

export const outcome = (name: string) => `idempotency_outcomes_total{outcome="${name}",method="${CREATE}"}`;
export const queued = (state: string) => `orders_queue_jobs{state="${state}"}`;
export const readsBy = (cause: string) => `idempotency_ledger_reads_total{cause="${cause}"}`;
export const errorsBy = (kind: string) => `idempotency_store_errors_total{kind="${kind}"}`;
export const changesTo = (state: string) => `idempotency_circuit_changes_total{to="${state}"}`;
export const connections = (state: string) => `db_client_connection_count{db_client_connection_state="${state}"}`;

/** The buckets of a histogram, which are cumulative. */
export function histogram(name: string, labels: string, counts: Readonly<Record<string, number>>): Page {
  const rest = labels === '' ? '' : `,${labels}`;
  return Object.fromEntries(Object.entries(counts).map(([le, count]) => [`${name}_bucket{le="${le}"${rest}}`, count]));
}

/** A service that has begun and has nothing to do; of the ledger it does not know yet how large it is. */
export const idle: Page = {
  'idempotency_keys_total{source="client"}': 0,
  ...Object.fromEntries(
    ['executed', 'replayed', 'waited', 'mismatch', 'failed', 'released', 'takeover', 'given_up', 'lost_ownership'].map(
      (name) => [outcome(name), 0],
    ),
  ),
  ...Object.fromEntries(['timeout', 'connection', 'refused', 'reply'].map((kind) => [errorsBy(kind), 0])),
  ...Object.fromEntries(
    ['unavailable', 'askLedger', 'takeover', 'mismatch', 'frozen', 'conflict'].map((cause) => [readsBy(cause), 0]),
  ),
  ...Object.fromEntries(['due', 'delayed', 'running'].map((state) => [queued(state), 0])),
  [changesTo('open')]: 0,
  [changesTo('closed')]: 0,
  [connections('idle')]: 10,
  [connections('used')]: 0,
  'process_cpu_time_total{cpu_mode="user"}': 3,
  'process_cpu_time_total{cpu_mode="system"}': 1,
  orders_calls_in_flight: 0,
  idempotency_running: 0,
  idempotency_waiters: 0,
  idempotency_pending_oldest: 0,
  idempotency_degraded: 0,
  idempotency_degraded_time_total: 0,
  idempotency_circuit_open: 0,
  idempotency_ledger_rows: Number.NaN,
  idempotency_ledger_oldest: 0,
  idempotency_ledger_overdue: 0,
  orders_queue_oldest: 0,
  orders_dead_letters: 0,
  orders_workers: 1,
  orders_events_behind: 0,
  orders_events_lag: 0,
  orders_doubled: 0,
  database_up: 1,
  db_client_connection_pending_requests: 0,
  process_memory_usage: 134_217_728,
  process_uptime: 300,
  nodejs_eventloop_delay_p99: 0.011,
  nodejs_eventloop_utilization: 0.07,
};

/** The same with load, so many seconds later. */
export function busy(seconds: number): Page {
  const calls = 1_500 * seconds;
  return {
    ...idle,
    'idempotency_keys_total{source="client"}': calls,
    [outcome('executed')]: 1_234 * seconds,
    [outcome('replayed')]: 250 * seconds,
    [outcome('waited')]: 12 * seconds,
    [outcome('mismatch')]: 3,
    [outcome('released')]: seconds,
    ...histogram('rpc_server_call_duration', `rpc_method="${CREATE}",rpc_response_status_code="OK"`, {
      '0.001': 750 * seconds,
      '0.005': 1_500 * seconds,
      '+Inf': 1_500 * seconds,
    }),
    ...histogram('idempotency_begin_duration', 'answer="acquired"', {
      '0.0001': 0,
      '0.00025': 1_000 * seconds,
      '0.0005': 1_500 * seconds,
      '+Inf': 1_500 * seconds,
    }),
    ...histogram('db_client_operation_duration', 'db_operation_name="place_orders"', {
      '0.001': 20 * seconds,
      '0.0025': 40 * seconds,
      '+Inf': 40 * seconds,
    }),
    ...histogram('idempotency_complete_duration', 'answer="done"', {
      '0.0001': 1_234 * seconds,
      '+Inf': 1_234 * seconds,
    }),
    ...histogram('idempotency_wait_duration', '', { '0.1': 10 * seconds, '30': 12 * seconds, '+Inf': 12 * seconds }),
    'process_cpu_time_total{cpu_mode="user"}': 3 + 0.6 * seconds,
    'process_cpu_time_total{cpu_mode="system"}': 1 + 0.2 * seconds,
    [queued('due')]: 3,
    [queued('running')]: 8,
    [connections('idle')]: 4,
    [connections('used')]: 6,
    orders_calls_in_flight: 17,
    idempotency_running: 12,
    idempotency_waiters: 5,
    idempotency_pending_oldest: 0.0034,
    idempotency_ledger_rows: 83_123,
    idempotency_ledger_oldest: 82_800,
    orders_queue_oldest: 0.012,
    orders_workers: 2,
    orders_events_behind: 31,
    orders_events_lag: 0.04,
    process_memory_usage: 536_870_912,
    process_uptime: 300 + seconds,
    nodejs_eventloop_utilization: 0.71,
  };
}

export function readingOf(page: Page, atSeconds: number): ReadResult & Reading {
  const text = Object.entries(page).map(([series, value]) => `${series} ${value}\n`);
  const parsed = parseExposition(text.join(''));
  if (!parsed.ok) {
    throw new Error(`no Prometheus text: ${parsed.line}`);
  }
  return { kind: 'read', exposition: parsed.exposition, atMs: atSeconds * 1_000 };
}

export const gone: Unread = { kind: 'unread', problem: 'nothing listens there', advice: 'start the service' };

/** A page, or that there was none, or no answer yet. */
export type Told = Page | Unread | undefined;

/** In the order of the endpoints. */
export type Round = readonly Told[];

/** What is known after rounds of readings a second apart, each with what the endpoints told. */
export function seen(...rounds: readonly Round[]): { views: readonly View[]; lastMinute: FrameOptions['lastMinute'] } {
  const endpoints: readonly Endpoint[] = endpointsOf(
    (rounds[0] ?? []).map((_, index) => `127.0.0.1:${9_464 + index}`),
    undefined,
  );
  const history = new History(endpoints);
  let views: readonly View[] = [];
  for (const [second, round] of rounds.entries()) {
    const results = round.map((told) => (told === undefined || isGone(told) ? told : readingOf(told, second)));
    views = history.add(results, second * 1_000);
  }
  return { views, lastMinute: history.lastMinute };
}

function isGone(told: Page | Unread): told is Unread {
  return told === gone;
}

/** The lines of a frame at 80x24, unless told otherwise. */
export function linesOf(known: ReturnType<typeof seen>, options: Partial<FrameOptions> = {}): readonly string[] {
  const now = new Date(2026, 10, 28, 3, 14, 15).getTime();
  return frame({ ...known, now, hint: 'q quits', columns: 80, rows: 24, paint: withoutColour, ...options });
}
