import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { type CallResult, createClient, status } from '../../support/unary-call.ts';
import { oneEffect } from '../orders/audit.ts';
import { namesOf } from '../orders/record-names.ts';
import { type OpenStores, openStores } from '../orders/stores.ts';
import { type HealthWatch, watchHealth } from './health-client.ts';

const noOrder = '00000000-0000-7000-8000-000000000000';
let stores: OpenStores;

beforeAll(async () => {
  stores = await openStores();
}, 60_000);

afterAll(() => stores.close());

function place(service: ServiceProcess, key: string): Promise<CallResult> {
  return createOrder(service.client, orderRequest({ customerId: key }), { key, deadlineMs: 60_000 });
}

interface Busy {
  readonly service: ServiceProcess;
  readonly running: Promise<CallResult>;
  readonly watch: HealthWatch;
}

/** A service with a call that stands at a pause point, and an open watch over its health. */
async function startBusyService(key: string, settings: Readonly<Record<string, string>> = {}): Promise<Busy> {
  const service = await startServiceProcess({ ...stores, settings, pauseAt: 'before_commit' });
  const watch = watchHealth(service.client, '');
  const running = place(service, key);
  await Promise.all([service.paused(), watch.told(1)]);
  return { service, running, watch };
}

/** A value, or `too late`. */
async function withinMs<Value>(limitMs: number, value: Promise<Value>): Promise<Value | 'too late'> {
  const limit = Promise.withResolvers<'too late'>();
  const timer = setTimeout(() => limit.resolve('too late'), limitMs);
  try {
    return await Promise.race([value, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

// G6 of the museum. All at once, because each of them has a process to wait for.
test.concurrent('SIGTERM lets a slow call and a duplicate that waits for it end, takes no new ones, ends streams, and exits with 0', async () => {
  const { service, running, watch } = await startBusyService('drain');
  await using _ = service;
  const waiter = place(service, 'drain');
  expect((await getOrder(service.client, noOrder)).code).toBe(status.NOT_FOUND);

  service.signal('SIGTERM');
  const { code, details } = await watch.ended;
  expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING']);
  expect({ code, isShutDown: details.includes('shutting down') }).toEqual({
    code: status.UNAVAILABLE,
    isShutDown: true,
  });
  const newcomer = createClient(service.port);
  expect((await getOrder(newcomer, noOrder)).code).toBe(status.UNAVAILABLE);
  newcomer.close();
  expect((await getOrder(service.client, noOrder)).code).toBe(status.UNAVAILABLE);

  service.resume();
  const answer = answerOf(await running);
  expect(answerOf(await waiter)).toEqual(answer);
  expect(await service.exited).toBe(0);
  expect(await stores.audit.effectsOf('drain')).toEqual(oneEffect);
  const [name = ''] = await namesOf(stores.redisClient, 'drain');
  expect(await stores.redisClient.hget(name, 'state')).toBe('COMPLETED');
  expect(service.log.join('\n')).toContain('all calls have ended');
}, 60_000);

test.concurrent('a second SIGTERM ends the process at once, with another exit code', async () => {
  const { service, running, watch } = await startBusyService('twice');
  await using _ = service;
  service.signal('SIGTERM');
  await watch.ended;
  service.signal('SIGTERM');
  expect(await service.exited).toBe(1);
  expect((await running).code).toBe(status.UNAVAILABLE);
}, 60_000);

test.concurrent('a call that does not end in time is cut, the process exits with 0 soon after, and its key is usable again', async () => {
  const { service, running } = await startBusyService('cut', { GRPC_DRAIN_LIMIT_MS: '300' });
  await using _ = service;
  service.signal('SIGTERM');
  expect(await running).toMatchObject({
    code: status.UNAVAILABLE,
    errorInfo: { reason: 'SHUTTING_DOWN' },
    retryInfo: { retryDelay: { seconds: 1n, nanos: 0 } },
  });
  // Far below the 30 s that a handler may run, and that Kubernetes waits.
  expect(await withinMs(15_000, service.exited)).toBe(0);
  expect(service.log.join('\n')).toContain('calls that had not ended in time were cut');
  await using next = await startServiceProcess(stores);
  answerOf(await place(next, 'cut'));
  expect(await stores.audit.effectsOf('cut')).toEqual(oneEffect);
}, 60_000);
