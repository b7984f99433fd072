import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { startWorkerProcess, type WorkerProcess } from '../../support/worker-process.ts';
import { inWords } from '../faults/named-orders.ts';
import { until } from '../faults/until.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { type Collector, startHttpCollector } from './collectors.ts';
import { type CollectedSpan, spansIn } from './spans.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN_ID = 'b7ad6b7169203331';
const CUSTOMER = 'customer-of-a-trace';
const KEY = 'key-of-a-trace';

let stores: OpenStores;
let collector: Collector;
let service: ServiceProcess;
let worker: WorkerProcess;

beforeAll(async () => {
  stores = await openStores();
  collector = await startHttpCollector('/v1/traces');
  const settings = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` };
  service = await startServiceProcess({ ...stores, settings });
  worker = await startWorkerProcess({ ...stores, settings });
}, 60_000);

afterAll(async () => {
  await Promise.all([service.kill(), worker.kill()]);
  await collector[Symbol.asyncDispose]();
  await stores.close();
}, 60_000);

/** The spans of a trace so far. */
const spansOf = (traceId: string) => collector.received.flatMap(spansIn).filter((span) => span.traceId === traceId);

/** The spans of a trace as a tree: each behind its parent, further in, with what happened in it. */
function tree(spans: readonly CollectedSpan[], parentSpanId: string, depth = 0): string[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .sort((one, other) => Number(one.startedAt - other.startedAt))
    .flatMap((span) => [
      [`${'  '.repeat(depth)}${span.name}`, ...span.events].join(' · '),
      ...tree(spans, span.spanId, depth + 1),
    ]);
}

const withoutPublishing = (spans: readonly CollectedSpan[]) => spans.filter(({ name }) => name !== 'orders.publish');

function callerIn(traceId: string, flags = '01'): Metadata {
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-${CALLER_SPAN_ID}-${flags}`);
  return metadata;
}

test("one trace reaches from the client's call to the confirmed order, over two processes", async () => {
  const request = orderRequest({ customerId: CUSTOMER });
  const placed = await createOrder(service.client, request, { key: KEY, metadata: callerIn(TRACE_ID) });
  expect(inWords(placed)).toBe('OK executed');
  const { orderId } = createdOrder(placed);
  await until('its order is confirmed', async () => {
    const [row] = await stores.audit.run('select state from orders where order_id = $1', [orderId]);
    return row?.['state'] === 'CONFIRMED';
  });
  await until('all spans have come', () => spansOf(TRACE_ID).some(({ name }) => name === 'orders.process'));
  await until('all spans have come', () => spansOf(TRACE_ID).some(({ name }) => name === 'idempotency.complete'));
  const shown = tree(withoutPublishing(spansOf(TRACE_ID)), CALLER_SPAN_ID);
  process.stdout.write(`${shown.join('\n')}\n`);
  expect(shown).toEqual([
    'orders.v1.OrderService/CreateOrder · executed',
    '  idempotency.begin',
    '  orders.validate',
    '  orders.commit',
    '    orders.process · PROCESSING · CONFIRMED',
    '      orders.step reserve-stock',
    '      orders.step charge',
    '  idempotency.complete',
  ]);
  // Each of its three events was published from where it came to be; another process may do that at any time.
  const nameOf = (spanId: string) => spansOf(TRACE_ID).find((span) => span.spanId === spanId)?.name;
  const published = () => spansOf(TRACE_ID).filter(({ name }) => name === 'orders.publish');
  await until('its events are published', () => published().length === 3);
  const places = published().map(({ parentSpanId }) => nameOf(parentSpanId));
  expect(places.sort()).toEqual(['orders.commit', 'orders.process', 'orders.process']);
  const entries = await stores.redisClient.xrange('orders.events', '-', '+');
  expect(entries.map(([, fields]) => fields.at(-2))).toEqual(['traceparent', 'traceparent', 'traceparent']);
  expect(new Set(entries.map(([, fields]) => fields.at(-1)?.split('-')[1]))).toEqual(new Set([TRACE_ID]));
  // The commit of the group, which may be of several calls, points to each of them.
  const [commit] = spansOf(TRACE_ID).filter(({ name }) => name === 'orders.commit');
  const groups = collector.received.flatMap(spansIn).filter(({ name }) => name === 'orders.commit_group');
  expect(groups.map(({ links }) => links)).toContainEqual([commit?.spanId]);
}, 60_000);

test('a repeated call shows that it was one, and runs nothing; it points to the first one, and its caller is told where it stands', async () => {
  const traceId = '11111111111111111111111111111111';
  const request = orderRequest({ customerId: CUSTOMER });
  const replayed = await createOrder(service.client, request, { key: KEY, metadata: callerIn(traceId) });
  expect(inWords(replayed)).toBe('OK replayed');
  expect(replayed.metadata.get('traceparent')).toEqual([
    expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)),
  ]);
  await until('its spans have come', () => spansOf(traceId).some(({ name }) => name.endsWith('/CreateOrder')));
  expect(tree(spansOf(traceId), CALLER_SPAN_ID)).toEqual([
    'orders.v1.OrderService/CreateOrder · replayed',
    '  idempotency.begin',
  ]);
  const [first] = spansOf(TRACE_ID).filter(({ name }) => name === 'orders.commit');
  const [again] = spansOf(traceId).filter(({ name }) => name.endsWith('/CreateOrder'));
  expect(again?.links).toEqual([first?.spanId]);
});

test('a request that is refused is an error of the step that refused it, and not of the server; nothing of it is told', async () => {
  const traceId = '22222222222222222222222222222222';
  const request = orderRequest({ customerId: `${CUSTOMER}\u0000` });
  const refused = await createOrder(service.client, request, { key: `${KEY}-refused`, metadata: callerIn(traceId) });
  expect(inWords(refused)).toBe('INVALID_ARGUMENT INVALID_REQUEST');
  await until('its spans have come', () => spansOf(traceId).some(({ name }) => name.endsWith('/CreateOrder')));
  const isError = Object.fromEntries(spansOf(traceId).map((span) => [span.name, span.isError]));
  expect(isError).toEqual({
    'orders.v1.OrderService/CreateOrder': false,
    'idempotency.begin': false,
    'orders.validate': true,
  });
  const everything = collector.received.flatMap(spansIn).map(({ text }) => text);
  expect(everything.filter((text) => text.includes(CUSTOMER) || text.includes(KEY))).toEqual([]);
});

test('what the caller does not trace is not traced; what it says wrongly begins a trace of its own', async () => {
  const untraced = '33333333333333333333333333333333';
  const request = orderRequest({ customerId: CUSTOMER });
  const silent = await createOrder(service.client, request, { key: KEY, metadata: callerIn(untraced, '00') });
  expect(silent.metadata.get('traceparent')).toEqual([]);
  const wrong = await createOrder(service.client, request, { key: KEY, metadata: callerIn('no-trace') });
  const [traceParent = ''] = wrong.metadata.get('traceparent') ?? [];
  const traceId = String(traceParent).split('-')[1] ?? '';
  await until('its spans have come', () => spansOf(traceId).length === 2);
  expect(spansOf(untraced)).toEqual([]);
});
