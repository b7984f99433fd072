import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { type Client, Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CreateOrderRequest } from '../../../src/generated/orders/v1/order_service.ts';
import { misbehave, raise } from '../../integration/faults/misbehaviour.ts';
import { until } from '../../integration/faults/until.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { readReadme } from '../../integration/readme/readme-calls.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { startServiceProcess } from '../../support/service-process.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type CallOptions, type CallResult, createClient, metadataValue } from '../../support/unary-call.ts';

let stores: OpenStores;
let service: TestService;
let proxy: TcpProxy;
/** Reaches the service through the proxy. */
let client: Client;
const afterCommit = createGate('after_commit');

beforeAll(async () => {
  stores = await openStores();
  const settings = { GRPC_MAX_CALLS_IN_FLIGHT: '3', IDEMPOTENCY_MAX_WAITERS_PER_KEY: '1' };
  service = await startTestService({ ...stores, settings, pause: afterCommit.pause });
  proxy = await startTcpProxy(service.port);
  client = createClient(proxy.port, { 'grpc.initial_reconnect_backoff_ms': 50 });
});

afterAll(async () => {
  afterCommit.open();
  client.close();
  await service.stop();
  await proxy.stop();
  await stores.close();
});

/** A status as a generated client throws it. */
class CallFailure extends Error {
  readonly result: CallResult;
  readonly code: status;

  constructor(result: CallResult) {
    super(result.message);
    this.result = result;
    this.code = result.code;
  }
}

type Send = (order: CreateOrderRequest, metadata: Metadata) => Promise<CallResult>;

/** Follows the README to the letter: its loop as it stands there, with the codes and the delays that its rules name. */
async function followReadme(order: CreateOrderRequest, send: Send) {
  const readme = readReadme();
  const [, loop = ''] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  const [, rule = ''] = /^2\. On (.*?) a broken connection or a timeout,\s+repeat/ms.exec(readme) ?? [];
  const repeatable = new Set(Array.from(rule.matchAll(/`([A-Z_]+)`/g), ([, code = '']) => code));
  const keys: unknown[] = [];
  const codes: string[] = [];
  const createOrderOfTheStub = async (request: CreateOrderRequest, metadata: Metadata) => {
    keys.push(metadata.get('idempotency-key')[0]);
    const result = await send(request, metadata);
    codes.push(status[result.code] ?? '');
    if (result.code !== status.OK) throw new CallFailure(result);
    return createdOrder(result);
  };
  const placed: { readonly orderId: string } = await runInNewContext(`(async () => {${loop}})()`, {
    randomUUID,
    Metadata,
    order,
    createOrder: createOrderOfTheStub,
    isServiceError: (error: unknown) => error instanceof CallFailure,
    mayBeRepeated: ({ code, result }: CallFailure) =>
      repeatable.has(status[code] ?? '') && (code !== status.RESOURCE_EXHAUSTED || result.retryInfo !== undefined),
    retryDelayOf: ({ result }: CallFailure) => {
      const { retryDelay } = result.retryInfo ?? {};
      return retryDelay && Number(retryDelay.seconds) * 1_000 + retryDelay.nanos / 1e6;
    },
    // As long as it is told, but no test waits for a whole second more often than it has to.
    sleep: (ms: number) => sleep(Math.min(ms, 200)),
  });
  return { orderId: placed.orderId, keys, codes };
}

async function expectOneOrder(customer: string, { orderId, keys }: { orderId: string; keys: readonly unknown[] }) {
  expect(new Set(keys).size).toBe(1);
  expect(await stores.audit.run('select order_id from orders where customer_id = $1', [customer])).toEqual([
    { order_id: orderId },
  ]);
}

// square/square-mcp-server#31, akash-network/console#3449: every attempt had a key of its own, and customers paid twice.
describe('a client that follows the README', () => {
  test('K17 loses its connection and its deadline between the commit and the answer, and has one order in the end', async () => {
    let attempts = 0;
    afterCommit.close();
    const placed = await followReadme(orderRequest({ customerId: 'K17-cut' }), async (request, metadata) => {
      attempts += 1;
      if (attempts === 1) {
        const call = createOrder(client, request, { metadata });
        await afterCommit.arrived(1);
        proxy.swallow();
        await proxy.stop();
        return await call;
      }
      if (attempts === 2) return await createOrder(service.client, request, { metadata, deadlineMs: 300 });
      afterCommit.open();
      return await createOrder(service.client, request, { metadata });
    });
    expect(placed.codes.slice(0, 1)).toEqual(['UNAVAILABLE']);
    expect(['UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain(placed.codes[1]);
    expect(placed.codes.at(-1)).toBe('OK');
    await expectOneOrder('K17-cut', placed);
  });

  test('K17 meets a server that is killed between the commit and the answer, and goes on at another', async () => {
    await using dying = await startServiceProcess({ ...stores, pauseAt: 'after_commit' });
    let attempts = 0;
    const placed = await followReadme(orderRequest({ customerId: 'K17-killed' }), async (request, metadata) => {
      attempts += 1;
      if (attempts > 1) return await createOrder(service.client, request, { metadata });
      const call = createOrder(dying.client, request, { metadata });
      await dying.paused();
      await dying.kill();
      return await call;
    });
    expect(placed.codes).toEqual(['UNAVAILABLE', 'OK']);
    await expectOneOrder('K17-killed', placed);
  });

  test('K17 meets a database that refuses, and another one whose answer is lost', async () => {
    const refusing = await misbehave(
      stores.databaseUrl,
      'K17-refused',
      `if times = 1 then ${raise('53100')}; end if; if times = 2 then ${raise('57P01')}; end if`,
    );
    const placed = await followReadme(orderRequest({ customerId: 'K17-refused' }), (request, metadata) =>
      createOrder(service.client, request, { metadata }),
    );
    await refusing.stop();
    expect(placed.codes).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'OK']);
    await expectOneOrder('K17-refused', placed);
  });
});

const place = (name: string, options: CallOptions = {}) =>
  createOrder(service.client, orderRequest({ customerId: name }), { key: name, ...options });

async function refusedBy(sqlState: string): Promise<CallResult> {
  const name = `K17-${sqlState}`;
  const refusing = await misbehave(stores.databaseUrl, name, raise(sqlState));
  const refused = await place(name);
  await refusing.stop();
  return refused;
}

/** A running call, a duplicate that waits as long as it may, and those for whom there is no room. */
async function crowd(): Promise<readonly CallResult[]> {
  const running = await afterCommit.hold(() => place('K17-crowd'));
  const waiter = place('K17-crowd', { deadlineMs: 2_000 });
  await until(
    'the waiter has come in',
    async () => (await place('K17-crowd', { deadlineMs: 200 })).errorInfo?.reason === 'TOO_MANY_WAITERS',
  );
  const tooManyWaiters = await place('K17-crowd');
  // More than the server takes at once: those for whom there is room are held, and the first to be answered is refused.
  const others = Array.from({ length: 5 }, (_, index) => place(`K17-crowd-${index}`));
  const tooMany = await Promise.race(others);
  const stillRunning = await waiter;
  afterCommit.open();
  await Promise.all([running.result, ...others]);
  return [tooManyWaiters, tooMany, stillRunning];
}

async function ofAnUnknownForm(): Promise<CallResult> {
  await place('K17-form');
  await stores.audit.run("update idempotency_keys set stored_form = 99 where key = 'K17-form'");
  await stores.redisClient.flushall();
  return await place('K17-form');
}

test('K17 every refusal that a retry can cure says "the same key", and when', async () => {
  const refusals = [
    ...(await crowd()),
    await refusedBy('57P01'),
    await refusedBy('53100'),
    await refusedBy('40001'),
    await ofAnUnknownForm(),
  ];
  expect(refusals.map(({ errorInfo }) => errorInfo?.reason)).toEqual([
    'TOO_MANY_WAITERS',
    expect.stringMatching(/^TOO_MANY_(CALLS|RUNS)$/),
    'IDEMPOTENCY_KEY_IN_PROGRESS',
    'OUTCOME_UNKNOWN',
    'DATABASE_UNAVAILABLE',
    'DATABASE_BUSY',
    'STORED_FORM_UNKNOWN',
  ]);
  for (const refused of refusals) {
    expect([refused.message, refused.message.includes('the same key')]).toEqual([refused.message, true]);
    expect(refused.retryInfo?.retryDelay).toBeDefined();
    expect(metadataValue(refused, 'grpc-retry-pushback-ms')).toMatch(/^[1-9][0-9]*$/);
  }
});
