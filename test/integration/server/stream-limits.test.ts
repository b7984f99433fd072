import { constants } from 'node:http2';
import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { moveOrder, startTestRelay } from '../../support/order-life.ts';
import { createdOrder, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { status } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';
import { until } from '../faults/until.ts';
import { openRawConnection, rawEnd } from '../limits/raw-connection.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { checkHealth, watchHealth } from './health-client.ts';
import { ask } from './reflection-client.ts';

const watchPath = OrderServiceService.watchOrder.path;

const WATCHERS_MAX = 3;
let stores: OpenStores;
let service: TestService;
let orderId: string;

beforeAll(async () => {
  stores = await openStores();
  service = await startTestService({
    ...stores,
    settings: { EVENTS_WATCHERS_MAX: String(WATCHERS_MAX), GRPC_MAX_CALLS_IN_FLIGHT: '1' },
  });
  orderId = createdOrder(await createOrder(service.client, orderRequest())).orderId;
}, 60_000);

afterAll(async () => {
  await service.stop();
  await stores.close();
}, 60_000);

const listServices = (client: Client) => ask(client, 'v1', [{ $case: 'listServices', value: '' }]);

test('P10 streams over the limit are refused at once, unary calls and health go on, and a stream that ends makes room', async () => {
  const watches = Array.from({ length: WATCHERS_MAX }, () => watchOrder(service.client, orderId));
  await Promise.all(watches.map((watch) => watch.read(1)));
  // The limit of calls in flight is one: streams do not count there.
  expect((await getOrder(service.client, orderId)).code).toBe(status.OK);
  using refused = watchOrder(service.client, orderId);
  const end = await refused.ended;
  expect(end).toMatchObject({ code: status.RESOURCE_EXHAUSTED, headers: undefined });
  expect(end.details?.errorInfo).toEqual({
    reason: 'TOO_MANY_STREAMS',
    domain: 'orders.v1',
    metadata: new Map([['streamsMax', String(WATCHERS_MAX)]]),
  });
  expect(end.details?.retryInfo?.retryDelay).toEqual({ seconds: 1n, nanos: 0 });
  expect(end.trailers.get('grpc-retry-pushback-ms')).toEqual(['1000']);
  expect(end.trailers.get('x-request-id')).toHaveLength(1);
  // Reflection is a stream like others, and far more streams are refused as one more is.
  await expect(listServices(service.client)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  const more = Array.from({ length: 100 }, () => watchOrder(service.client, orderId).ended);
  expect(new Set((await Promise.all(more)).map(({ details }) => details?.errorInfo?.reason))).toEqual(
    new Set(['TOO_MANY_STREAMS']),
  );
  expect((await getOrder(service.client, orderId)).code).toBe(status.OK);
  expect((await checkHealth(service.client, '')).health).toBe('SERVING');
  const health = watchHealth(service.client, '');
  await health.told(1);
  health.cancel();

  const [leaving, ...staying] = watches;
  leaving?.cancel();
  await leaving?.ended;
  // A read behind the cancel on the same connection: when its answer is here, the server knows.
  await getOrder(service.client, orderId);
  using next = watchOrder(service.client, orderId);
  await next.read(1);
  for (const watch of staying) watch.cancel();
});

test('P10 a stream whose request never comes, or not all of it, ends at the limit of calls, is reset, and makes room', async () => {
  await using impatient = await startTestService({
    ...stores,
    settings: { EVENTS_WATCHERS_MAX: '2', GRPC_CALL_LIMIT_MS: '300', GRPC_SEND_LIMIT_MS: '300' },
  });
  using connection = await openRawConnection(impatient.port);
  const [silent, halting] = [connection.open(watchPath), connection.open(watchPath)];
  halting.write(Buffer.from([0, 0, 0, 0, 99, 1, 2]));
  const ends = await Promise.all([silent, halting].map(rawEnd));
  for (const { code, resetCode, errorInfo, headers } of ends) {
    expect([code, resetCode]).toEqual([status.DEADLINE_EXCEEDED, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
    expect(errorInfo?.reason).toBe('CALL_LIMIT_EXCEEDED');
    expect(headers['grpc-retry-pushback-ms']).toBe('1000');
  }
  // One that has asked goes on beyond the limit.
  using watch = watchOrder(impatient.client, orderId);
  await watch.read(1);
  const late = new Promise((resolve) => setTimeout(resolve, 700, 'goes on'));
  expect(await Promise.race([watch.ended, late])).toBe('goes on');
});

test('a client that does not read is told everything once it does', async () => {
  await using _ = startTestRelay(stores.databaseUrl);
  const key = crypto.randomUUID();
  const note = 'ü'.repeat(1_000);
  const created = await createOrder(service.client, orderRequest({ note }), { key });
  const slow = createdOrder(created).orderId;
  using watch = watchOrder(service.client, slow);
  watch.pause();
  await moveOrder(stores.audit.run, slow, 'PROCESSING');
  await moveOrder(stores.audit.run, slow, 'CONFIRMED');
  using quick = watchOrder(service.client, slow, { afterSequence: 1 });
  await quick.ended;
  expect(watch.seen).toEqual([]);
  watch.resume();
  expect((await watch.ended).code).toBe(status.OK);
  // The status may overtake what waits to be read.
  await until('something is read', () => watch.seen.length > 0);
  const sequences = watch.seen.map(({ news }) => news?.value && 'sequence' in news.value && news.value.sequence);
  expect(sequences.at(-1)).toBe(3);
  expect(sequences).toEqual([1, 2, 3].slice(-sequences.length));
});

test('(G6) SIGTERM ends open streams, also one that is not read, with UNAVAILABLE, and the process exits with 0', async () => {
  await using stopping = await startServiceProcess(stores);
  const reading = watchOrder(stopping.client, orderId);
  const deaf = watchOrder(stopping.client, orderId);
  await Promise.all([reading.read(1), deaf.read(1)]);
  deaf.pause();
  stopping.signal('SIGTERM');
  const end = await reading.ended;
  expect(end.code).toBe(status.UNAVAILABLE);
  expect(end.details?.errorInfo).toMatchObject({ reason: 'SHUTTING_DOWN', domain: 'orders.v1' });
  expect(end.details?.retryInfo?.retryDelay).toBeDefined();
  expect(end.trailers.get('x-request-id')).toHaveLength(1);
  expect(await stopping.exited).toBe(0);
  expect(stopping.log.join('\n')).toContain('all calls have ended');
  deaf.resume();
  expect((await deaf.ended).code).toBe(status.UNAVAILABLE);
}, 60_000);
