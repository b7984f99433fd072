import type { Client } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { answerOf, createOrder, getOrder, orderRequest } from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate } from '../../support/pause-gate.ts';
import { type CallResult, metadataValue, status } from '../../support/unary-call.ts';
import { commandsRun } from '../faults/redis-server.ts';
import { oneEffect } from './audit.ts';
import { recordHas } from './record-names.ts';
import { type OpenStores, openStores } from './stores.ts';

const gate = createGate('before_commit');
const onePoolConnection = { DATABASE_POOL_SIZE: '1' };
let stores: OpenStores;
let owner: TestService;
let other: TestService;

beforeAll(async () => {
  stores = await openStores();
  owner = await startTestService({ ...stores, pause: gate.pause, settings: onePoolConnection });
  other = await startTestService({ ...stores, settings: onePoolConnection });
}, 60_000);

beforeEach(() => gate.close());
afterEach(() => gate.open());

afterAll(async () => {
  await Promise.all([owner.stop(), other.stop()]);
  await stores.close();
}, 60_000);

function place(client: Client, key: string, deadlineMs?: number): Promise<CallResult> {
  return createOrder(client, orderRequest({ customerId: key }), { key, ...(deadlineMs && { deadlineMs }) });
}

/** A read behind other calls on the same connection: when its answer is here, they have arrived. It needs the database. */
async function expectReadsWork(client: Client) {
  const { code } = await getOrder(client, '00000000-0000-7000-8000-000000000000');
  expect(code).toBe(status.NOT_FOUND);
}

/** Whether none of the calls has an answer yet. */
async function allWait(calls: readonly Promise<CallResult>[]) {
  const nobody = new Promise<'nobody'>((resolve) => setImmediate(() => resolve('nobody')));
  return (await Promise.race([...calls, nobody])) === 'nobody';
}

test('P4 duplicates in flight wait and get the same answer, in the same process and in another', async () => {
  const running = place(owner.client, 'both');
  await gate.arrived(1);
  const duplicates = [owner, other].flatMap(({ client }) => Array.from({ length: 30 }, () => place(client, 'both')));
  await recordHas(stores.redisClient, 'both', 'waited', '1');
  await Promise.all([expectReadsWork(owner.client), expectReadsWork(other.client)]);
  expect(await allWait([running, ...duplicates])).toBe(true);
  gate.open();
  const answer = answerOf(await running);
  for (const duplicate of await Promise.all(duplicates)) {
    expect(answerOf(duplicate)).toEqual(answer);
    expect(metadataValue(duplicate, 'idempotency-status')).toBe('replayed');
  }
  expect(await stores.audit.effectsOf('both')).toEqual(oneEffect);
});

test('P4 a duplicate that waits in vain is told before its deadline to come back, in whatever process it waits', async () => {
  const running = place(owner.client, 'deadline');
  await gate.arrived(1);
  const results = await Promise.all([owner, other].map(({ client }) => place(client, 'deadline', 2_000)));
  for (const result of results) {
    expect(result).toMatchObject({ code: status.UNAVAILABLE, hadHeaders: false });
    expect(result.errorInfo).toMatchObject({ reason: 'IDEMPOTENCY_KEY_IN_PROGRESS', domain: 'idempotency.v1' });
    const { seconds = 0n, nanos = 0 } = result.retryInfo?.retryDelay ?? {};
    const delayMs = Number(seconds) * 1_000 + nanos / 1e6;
    expect(delayMs).toBeGreaterThan(0);
    expect(metadataValue(result, 'grpc-retry-pushback-ms')).toBe(String(delayMs));
  }
  gate.open();
  const answer = answerOf(await running);
  expect(answerOf(await place(owner.client, 'deadline'))).toEqual(answer);
  expect(answerOf(await place(other.client, 'deadline'))).toEqual(answer);
});

test('P4 waiting without Redis holds no database connection either: with a pool of one, other calls go on', async () => {
  const alone = await startTestService({
    databaseUrl: stores.databaseUrl,
    settings: onePoolConnection,
    pause: gate.pause,
  });
  try {
    const running = place(alone.client, 'alone');
    await gate.arrived(1);
    const duplicates = Array.from({ length: 50 }, () => place(alone.client, 'alone'));
    for (let read = 0; read < 10; read += 1) await expectReadsWork(alone.client);
    expect(await allWait([running, ...duplicates])).toBe(true);
    expect(gate.standing()).toBe(1);
    gate.open();
    const answers = await Promise.all([running, ...duplicates]);
    expect(new Set(answers.map((result) => answerOf(result).toString('hex'))).size).toBe(1);
    expect(await stores.audit.effectsOf('alone')).toEqual(oneEffect);
  } finally {
    gate.open();
    await alone.stop();
  }
});

test('P4 a wait costs Redis no more than a question now and then', async () => {
  const running = place(owner.client, 'quiet');
  await gate.arrived(1);
  const duplicates = Array.from({ length: 30 }, () => place(other.client, 'quiet', 2_000));
  await recordHas(stores.redisClient, 'quiet', 'waited', '1');
  await stores.redisClient.config('RESETSTAT');
  await Promise.all(duplicates);
  // Each probe of a connection is a SET and a script.
  const scripts = (await commandsRun(stores.redis, 'evalsha')) - (await commandsRun(stores.redis, 'set'));
  // In two seconds: the owner's renewals, and a question a second from the one duplicate that asks for all.
  expect(scripts).toBeGreaterThan(0);
  expect(scripts).toBeLessThan(12);
  gate.open();
  answerOf(await running);
});

test('P4 the caller that goes away while it waits leaves the others waiting for their answer', async () => {
  const running = place(owner.client, 'gone');
  await gate.arrived(1);
  const leaving = new AbortController();
  const left = createOrder(other.client, orderRequest({ customerId: 'gone' }), { key: 'gone', signal: leaving.signal });
  const staying = place(other.client, 'gone');
  await recordHas(stores.redisClient, 'gone', 'waited', '1');
  leaving.abort();
  expect((await left).code).toBe(status.CANCELLED);
  gate.open();
  expect(answerOf(await staying)).toEqual(answerOf(await running));
  expect(await stores.audit.effectsOf('gone')).toEqual(oneEffect);
});
