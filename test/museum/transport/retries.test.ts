import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CreateOrderRequest, OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { misbehave, raise } from '../../integration/faults/misbehaviour.ts';
import {
  countsOf,
  expectSettled,
  inWords,
  ONE_ORDER,
  orderOf,
  place,
  placeOther,
} from '../../integration/faults/named-orders.ts';
import { until } from '../../integration/faults/until.ts';
import { say, shout } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { rawCall } from '../../integration/idempotency/stage/raw-call.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { framed, openRawConnection, rawEnd } from '../../integration/limits/raw-connection.ts';
import { recordIdOf } from '../../integration/orders/record-names.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { cancelOrder } from '../../support/order-life.ts';
import { createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { committed, entrySent } from '../../support/passages.ts';
import { createGate, type Gate } from '../../support/pause-gate.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type CallResult, createClient, metadataValue, unaryCall } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';

let stage: Stage;
let echo: EchoService;
let toDatabase: TcpProxy;
let service: TestService;
let replica: TestService;
const gates: Readonly<Record<'after_begin' | 'before_commit', Gate>> = {
  after_begin: createGate('after_begin'),
  before_commit: createGate('before_commit'),
};

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
  const url = new URL(stage.databaseUrl);
  toDatabase = await startTcpProxy(Number(url.port));
  url.port = String(toDatabase.port);
  const redisUrl = stage.redis.url;
  const pause: Gate['pause'] = async (point) => {
    for (const gate of Object.values(gates)) await gate.pause(point);
  };
  service = await startTestService({
    databaseUrl: url.href,
    redisUrl,
    pause,
    settings: { GRPC_MAX_CALLS_IN_FLIGHT: '40', EVENTS_WATCHERS_MAX: '1' },
  });
  replica = await startTestService({ databaseUrl: stage.databaseUrl, redisUrl });
}, 60_000);

afterAll(async () => {
  for (const gate of Object.values(gates)) gate.open();
  await Promise.all([service.stop(), replica.stop()]);
  await toDatabase.stop();
  await stage.close();
}, 60_000);

const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: '0.02s',
  maxBackoff: '0.02s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['UNAVAILABLE', 'ABORTED'],
};

/** A client of grpc-js that retries by itself. */
function retryingClient(port: number, policy: Record<string, unknown>) {
  const methodConfig = [
    { name: [{ service: 'echo.v1.EchoService' }, { service: 'orders.v1.OrderService' }], ...policy },
  ];
  return createClient(port, {
    'grpc.enable_retries': 1,
    'grpc.service_config': JSON.stringify({ methodConfig }),
  });
}

// G3: deeplay-io/nice-grpc#722. Initial metadata that went out before the outcome told the client that it may not retry any more.
test.each(['UNAVAILABLE', 'ABORTED'] as const)(
  'G3 a client that retries by itself may do so: a handler fails twice with %s, and the caller sees the third time',
  async (code) => {
    let runs = 0;
    stage.whenSaying(`${code} twice`, () => {
      runs += 1;
      if (runs <= 2) throw handlerFailure(status[code]);
    });
    const client = retryingClient(echo.port, { retryPolicy });
    const result = await say({ client }, { text: `${code} twice` }, { key: `${code}-twice` });
    client.close();
    expect([inWords(result), runs]).toEqual(['OK executed', 3]);
  },
);

test('G3 a client that retries by itself may do so: a commit of unknown outcome, and the caller sees the answer', async () => {
  const wasCut = toDatabase.cutAfter(entrySent, committed);
  const client = retryingClient(service.port, { retryPolicy });
  const result = await place(client, 'retried-by-itself');
  await wasCut;
  client.close();
  expect(inWords(result)).toBe('OK replayed');
  expect(await countsOf(stage.databaseUrl, 'retried-by-itself')).toEqual(ONE_ORDER);
});

test('G3 a client that retries by itself may do so: it comes back when it was told to, and not before', async () => {
  const misbehaviour = await misbehave(stage.databaseUrl, 'told-when', `if times <= 4 then ${raise('40001')}; end if`);
  const client = retryingClient(service.port, { retryPolicy });
  const startedMs = performance.now();
  const result = await place(client, 'told-when');
  const tookMs = performance.now() - startedMs;
  client.close();
  expect(inWords(result)).toBe('OK executed');
  expect(await misbehaviour.times()).toEqual({ times: 5 });
  // DATABASE_BUSY says: after a second. The policy alone would have been done in a tenth of one.
  expect(tookMs).toBeGreaterThan(950);
});

/** Refusals and failures of all kinds. */
const refusals: Readonly<Record<string, () => Promise<CallResult>>> = {
  INVALID_REQUEST: () => createOrder(service.client, orderRequest({ items: [] })),
  REQUEST_MALFORMED: async () => {
    const request = { ...orderOf('malformed'), customerId: 'malformed' };
    const bytes = Buffer.concat([CreateOrderRequest.encode(request).finish(), Buffer.of(0)]);
    const method = { ...OrderServiceService.createOrder, requestSerialize: () => bytes };
    return await unaryCall(service.client, method, request);
  },
  IDEMPOTENCY_KEY_INVALID: () => place(service.client, 'x', { key: 'a,b' }),
  IDEMPOTENCY_KEY_REQUIRED: () => shout(echo, 'without'),
  IDEMPOTENCY_KEY_REUSED: async () => {
    await place(service.client, 'reused');
    return await placeOther(service.client, 'reused');
  },
  ORDER_NOT_FOUND: () => cancelOrder(service.client, '00000000-0000-7000-8000-000000000000', { key: 'none-such' }),
  DATABASE_REFUSED: async () => {
    await misbehave(stage.databaseUrl, 'refused', raise('23514'));
    return await place(service.client, 'refused');
  },
  IDEMPOTENCY_KEY_IN_PROGRESS: async () => {
    const running = stage.createGate();
    stage.whenShouting('busy', running.pass);
    const first = shout(echo, 'busy', { key: 'busy' });
    await running.reached;
    const second = await shout(echo, 'busy', { key: 'busy' });
    running.open();
    await first;
    return second;
  },
  TOO_MANY_RUNS: async () => {
    gates.before_commit.close();
    const names = Array.from({ length: 40 }, (_, index) => `many-${index}`);
    const calls = names.map((name) => place(service.client, name));
    await gates.before_commit.arrived(40);
    const refused = await place(service.client, 'one-too-many');
    gates.before_commit.open();
    await Promise.all(calls);
    return refused;
  },
};

test.each(Object.entries(refusals))(
  'G3 a client that retries by itself may do so: nothing goes out before %s is known',
  async (reason, call) => {
    const result = await call();
    expect([result.errorInfo?.reason, result.hadHeaders]).toEqual([reason, false]);
    const mayRetry = ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'].includes(status[result.code] ?? '');
    expect(metadataValue(result, 'grpc-retry-pushback-ms') !== undefined).toBe(mayRetry);
  },
);

test('G3 a client that retries by itself may do so: nothing goes out before a refused stream', async () => {
  const missing = watchOrder(service.client, '00000000-0000-7000-8000-000000000000');
  const { code, headers } = await missing.ended;
  expect([status[code], headers]).toEqual(['NOT_FOUND', undefined]);
});

// G4: istio/istio#13851. A proxy sent a POST again, to another server, when the connection of the first one was reset.
test('G4 what a proxy sends twice has one effect: it meets another server while the first one still runs, with a key and without', async () => {
  for (const key of ['sent-twice', undefined]) {
    const name = `twice-${key ?? 'derived'}`;
    const send = (to: TestService) => createOrder(to.client, orderOf(name), { key });
    const first = await gates.before_commit.hold(() => send(service));
    const second = send(replica);
    gates.before_commit.open();
    const answers = [await first.result, await second];
    expect(answers.map(inWords).sort()).toEqual(['OK executed', 'OK replayed']);
    expect(answers[0]?.response).toEqual(answers[1]?.response);
    expect(await countsOf(stage.databaseUrl, name)).toMatchObject({ orders: 1, items: 2 });
  }
});

test('G4 what a proxy sends twice has one effect: the connection was reset under the answer', async () => {
  const proxy = await startTcpProxy(service.port);
  const behindProxy = createClient(proxy.port);
  const wasCut = proxy.cutAfter({ from: 'server', bytes: 'reset-under-it' });
  const first = await place(behindProxy, 'reset-under-it');
  await wasCut;
  expect(status[first.code]).toBe('UNAVAILABLE');
  const again = await place(replica.client, 'reset-under-it');
  expect(inWords(again)).toBe('OK replayed');
  await expectSettled({ client: service.client, databaseUrl: stage.databaseUrl }, 'reset-under-it', again);
  behindProxy.close();
  await proxy.stop();
});

test('G4 what a proxy sends twice has one effect: thirty times at once, at both', async () => {
  const calls = Array.from({ length: 30 }, (_, index) =>
    place(index % 2 === 0 ? service.client : replica.client, 'thirty-times'),
  );
  const answers = await Promise.all(calls);
  expect(answers.map(inWords).sort()).toEqual(['OK executed', ...Array(29).fill('OK replayed')]);
  expect(new Set(answers.map(({ response }) => response?.toString('hex'))).size).toBe(1);
  expect(await countsOf(stage.databaseUrl, 'thirty-times')).toEqual(ONE_ORDER);
});

// G8: grpc/proposal A6, a design: a client that hedges sends a call again before it has failed.
test('G8 a hedged call runs once: three go out to a slow owner, and the losers are cancelled without a sound', async () => {
  const hedgingPolicy = { maxAttempts: 3, hedgingDelay: '0.05s', nonFatalStatusCodes: ['UNAVAILABLE'] };
  const client = retryingClient(service.port, { hedgingPolicy });
  const before = callsLogged().length;
  const complaintsBefore = complaints();
  const held = await gates.before_commit.hold(() => place(client, 'hedged'));
  // One runs, and two wait for it. Nothing tells of their arrival.
  await new Promise((resolve) => setTimeout(resolve, 300));
  gates.before_commit.open();
  const result = await held.result;
  expect(result.code).toBe(status.OK);
  await until('all three have ended', () => callsLogged().length === before + 3);
  client.close();
  expect(
    callsLogged()
      .slice(before)
      .every((line) => ['OK', 'CANCELLED'].includes(String(line['status']))),
  ).toBe(true);
  expect(complaints()).toBe(complaintsBefore);
  await expectSettled({ client: service.client, databaseUrl: stage.databaseUrl }, 'hedged', result);
});

/** Lines of the log that somebody should look at. */
const complaints = () => service.log.filter(({ level }) => Number(level) >= 40).length;
const callsLogged = () => service.log.filter(({ msg }) => msg === 'call ended');

// G9: LogNet/grpc-spring-boot-starter#240, grpc/grpc-java#9417. The end of a request overtook its message, which somebody had held back.
const path = OrderServiceService.createOrder.path;
const messageOf = (name: string) => CreateOrderRequest.encode(orderOf(name)).finish();

test('G9 a call ends once and leaves nothing claimed: cancelled while its key is asked for', async () => {
  const caller = new AbortController();
  const { result } = await gates.after_begin.hold(() =>
    place(service.client, 'cancelled-early', { signal: caller.signal }),
  );
  caller.abort();
  expect(status[(await result).code]).toBe('CANCELLED');
  await until('the server knows', () => callsLogged().at(-1)?.['status'] === 'CANCELLED');
  gates.after_begin.open();
  await until('the claim is given back', async () => (await stateOf('cancelled-early')) === null);
  expect(await countsOf(stage.databaseUrl, 'cancelled-early')).toMatchObject({ orders: 0, keys: 0 });
  const startedMs = performance.now();
  expect(inWords(await place(replica.client, 'cancelled-early'))).toBe('OK executed');
  expect(performance.now() - startedMs).toBeLessThan(4_000);
});

test.each([
  ['no message at all', () => []],
  ['two messages', (name: string) => [messageOf(name), messageOf(name)]],
  ['a message, and another one that differs', (name: string) => [messageOf(name), messageOf(`${name}-other`)]],
] as const)('G9 a call ends once and leaves nothing claimed: %s', async (what, messages) => {
  const name = what.replaceAll(/\W+/g, '-');
  const result = await rawCall(service.port, { path, headers: { 'idempotency-key': name }, messages: messages(name) });
  expect(['INTERNAL', 'UNIMPLEMENTED', 'INVALID_ARGUMENT']).toContain(status[result.code]);
  expect(await stateOf(name)).toBeNull();
  expect(await countsOf(stage.databaseUrl, name)).toMatchObject({ orders: 0, keys: 0 });
  expect(inWords(await place(service.client, name))).toBe('OK executed');
});

test.each([path, OrderServiceService.getOrder.path])(
  'G9 K8 a request that ends within its message is malformed: %s',
  async (of) => {
    using connection = await openRawConnection(service.port);
    const stream = connection.open(of, { 'idempotency-key': 'cut-off' });
    const end = rawEnd(stream);
    stream.end(framed(Buffer.alloc(100)).subarray(0, 60));
    const { code, errorInfo, headers } = await end;
    expect([code, errorInfo?.reason]).toEqual([status.INVALID_ARGUMENT, 'REQUEST_MALFORMED']);
    expect(headers['x-request-id']).toBeDefined();
  },
);

async function stateOf(key: string): Promise<string | null> {
  const [name] = await stage.redisClient.keys(`orders:*:{${recordIdOf(key)}}`);
  return name === undefined ? null : await stage.redisClient.hget(name, 'state');
}

test('G9 a call ends once and leaves nothing claimed: reads, too, end once without a message', async () => {
  const { code } = await rawCall(service.port, { path: OrderServiceService.getOrder.path, messages: [] });
  expect(code).not.toBe(status.OK);
  expect((await getOrder(service.client, '00000000-0000-7000-8000-000000000000')).code).toBe(status.NOT_FOUND);
});
