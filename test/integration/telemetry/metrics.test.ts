import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { instrumentKeys, instruments } from '../../../src/telemetry/instruments.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type Series, seriesIn, seriesName } from '../../support/prometheus-text.ts';
import { until } from '../faults/until.ts';
import { startWatchedService, type WatchedService } from '../faults/watched-service.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';

const CREATE = 'orders.v1.OrderService/CreateOrder';
const CANCEL = 'orders.v1.OrderService/CancelOrder';

let stores: OpenStores;
let service: WatchedService;

beforeAll(async () => {
  stores = await openStores();
  const settings = { METRICS_DATABASE_INTERVAL_MS: '100', FULFILMENT_ENABLED: 'true' };
  service = await startWatchedService({ ...stores, settings });
}, 60_000);

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

const read = async () => seriesIn(await service.metrics());

/** By how much series have grown since they were read before; those that have not are left out. */
function growth(before: Series, after: Series, prefix: string): Record<string, number> {
  const grown = [...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([series, more]) => series.startsWith(prefix) && more !== 0));
}

const outcome = (name: string, method = CREATE) => seriesName('idempotency_outcomes_total', { outcome: name, method });

test('a new order, its replay, another request under its key, a refused cancellation: each is counted as what it is', async () => {
  const before = await read();
  const request = orderRequest({ customerId: 'counted' });
  const { orderId } = createdOrder(await createOrder(service.client, request, { key: 'counted' }));
  await createOrder(service.client, request, { key: 'counted' });
  await createOrder(service.client, orderRequest({ customerId: 'another' }), { key: 'counted' });
  await createOrder(service.client, orderRequest({ customerId: '' }), { key: 'invalid' });
  await until('the order has come to its end', async () => {
    const [row] = await stores.audit.run('select state from orders where order_id = $1', [orderId]);
    return row?.['state'] === 'CONFIRMED';
  });
  expect((await cancelOrder(service.client, orderId, { key: 'too-late' })).code).toBe(status.FAILED_PRECONDITION);
  const after = await read();
  expect(growth(before, after, 'idempotency_outcomes')).toEqual({
    [outcome('executed')]: 1,
    [outcome('replayed')]: 1,
    [outcome('mismatch')]: 1,
    [outcome('released')]: 1,
    [outcome('failed', CANCEL)]: 1,
  });
  expect(growth(before, after, 'idempotency_keys')).toEqual({
    [seriesName('idempotency_keys_total', { source: 'client' })]: 5,
  });
  expect(growth(before, after, 'rpc_server_call_duration_count')).toEqual({
    [callsThatEnded(CREATE, 'OK')]: 2,
    [callsThatEnded(CREATE, 'INVALID_ARGUMENT')]: 2,
    [callsThatEnded(CANCEL, 'FAILED_PRECONDITION')]: 1,
  });
  expect(growth(before, after, 'orders_commit_group_size_count')).toEqual({ orders_commit_group_size_count: 1 });
  expect(growth(before, after, 'orders_changes_total')).toEqual({
    [seriesName('orders_changes_total', { state: 'PROCESSING' })]: 1,
    [seriesName('orders_changes_total', { state: 'CONFIRMED' })]: 1,
  });
});

test('a call without a key, twice at once: one waits for the other, and for how long is measured', async () => {
  await stores.audit.run(
    `create function take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return new; end $$;
    create trigger takes_time before insert on orders for each row when (new.customer_id = 'slow') execute function take_time()`,
  );
  const before = await read();
  const request = orderRequest({ customerId: 'slow' });
  const both = Promise.all([createOrder(service.client, request), createOrder(service.client, request)]);
  await until('one waits', async () => (await read()).get('idempotency_waiters') === 1);
  const amid = await read();
  expect(amid.get('idempotency_running')).toBe(1);
  expect(amid.get('idempotency_pending_oldest')).toBeGreaterThan(0);
  expect(amid.get('orders_calls_in_flight')).toBe(2);
  await both;
  const after = await read();
  expect(growth(before, after, 'idempotency_outcomes')).toEqual({
    [outcome('executed')]: 1,
    [outcome('replayed')]: 1,
    [outcome('waited')]: 1,
  });
  expect(growth(before, after, 'idempotency_keys')).toEqual({
    [seriesName('idempotency_keys_total', { source: 'derived' })]: 2,
  });
  const waited = growth(before, after, 'idempotency_wait_duration');
  expect(waited['idempotency_wait_duration_count']).toBe(1);
  expect(waited['idempotency_wait_duration_sum']).toBeGreaterThan(0.05);
  expect(waited['idempotency_wait_duration_sum']).toBeLessThan(5);
});

test('what only the database knows is read from it: the queue, the events, the ledger', async () => {
  await until('all that was placed is told of', async () => {
    const series = await read();
    return series.get('orders_events_behind') === 0 && series.get(queued('due')) === 0;
  });
  const series = await read();
  expect(series.get('orders_workers')).toBe(1);
  expect(series.get('idempotency_ledger_oldest')).toBeGreaterThan(0);
  expect(series.get('idempotency_ledger_overdue')).toBe(0);
  await stores.audit.run(`select graphile_worker.add_job('process_order', json_build_object('orderId', gen_random_uuid()),
    run_at => now() + interval '1 hour')`);
  await until('a job is delayed', async () => (await read()).get(queued('delayed')) === 1);
  await stores.audit.run(
    `update idempotency_keys set created_at = now() - interval '9 days', expires_at = now() - interval '8 days'
      where id = (select id from idempotency_keys limit 1)`,
  );
  await until('an entry is overdue', async () => Number((await read()).get('idempotency_ledger_overdue')) > 86_000);
});

test('P1 a record with two orders is found by the audit, should there ever be one', async () => {
  expect((await read()).get('orders_doubled')).toBe(0);
  await stores.audit.run(
    `insert into orders select (jsonb_populate_record(orders, jsonb_build_object('order_id', gen_random_uuid()))).*
      from orders limit 1`,
  );
  await until('the audit has found it', async () => (await read()).get('orders_doubled') === 1);
  expect(service.hasLogged('records have more than one order')).toBe(true);
});

test('with Redis gone: degraded, the circuit, its changes, the errors by kind, the reads of the ledger, the time', async () => {
  const before = await read();
  await stores.redis.kill();
  await service.becomesDegraded();
  await createOrder(service.client, orderRequest({ customerId: 'degraded' }), { key: 'degraded' });
  await until('a second has passed', async () => Number((await read()).get('idempotency_degraded_time_total')) > 0.5);
  const amid = await read();
  expect(amid.get('idempotency_circuit_open')).toBe(1);
  expect(growth(before, amid, 'idempotency_circuit_changes')).toEqual({
    [seriesName('idempotency_circuit_changes_total', { to: 'open' })]: 1,
  });
  const errors = growth(before, amid, 'idempotency_store_errors');
  expect(errors[seriesName('idempotency_store_errors_total', { kind: 'connection' })]).toBeGreaterThanOrEqual(1);
  expect(growth(before, amid, 'idempotency_ledger_reads')).toEqual({
    [seriesName('idempotency_ledger_reads_total', { cause: 'unavailable' })]: 1,
  });
  await stores.redis.restart();
  await service.becomesWhole();
  const after = await read();
  expect(after.get('idempotency_circuit_open')).toBe(0);
  const seconds = after.get('idempotency_degraded_time_total');
  expect((await read()).get('idempotency_degraded_time_total')).toBe(seconds);
});

test('every instrument of the table has been told of something, under the name that Prometheus gives it', async () => {
  const series = await read();
  const names = new Set([...series.keys()].map((name) => name.replace(/\{.*/, '')));
  const expected = instrumentKeys.map(
    (key) => instruments[key].name.replaceAll('.', '_') + endings[instruments[key].kind],
  );
  expect(expected.filter((name) => !names.has(name))).toEqual([]);
});

/** What Prometheus' names have at their end. */
const endings = { counter: '_total', total: '_total', histogram: '_count', gauge: '' } as const;

function callsThatEnded(method: string, code: string): string {
  return seriesName('rpc_server_call_duration_count', { rpc_method: method, rpc_response_status_code: code });
}

function queued(state: string): string {
  return seriesName('orders_queue_jobs', { state });
}
