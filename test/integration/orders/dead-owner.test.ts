import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PausePoint } from '../../../src/idempotency/index.ts';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue, status } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { type OpenStores, openStores } from './stores.ts';

/** A claim is renewed as long as its owner lives: its last lease may have begun at the moment of the death. */
const leaseMs = 5_000;
const marginMs = 5_000;

let stores: OpenStores;
let survivor: ServiceProcess;

beforeAll(async () => {
  stores = await openStores();
  survivor = await startServiceProcess(stores);
}, 60_000);

afterAll(async () => {
  await survivor.kill();
  await stores.close();
}, 60_000);

/** Every pause point, and what a retry is that follows a death there. */
const deaths = {
  before_begin: 'executed',
  after_begin: 'executed',
  before_commit: 'executed',
  after_commit: 'replayed',
  before_settle: 'replayed',
  before_answer: 'replayed',
} as const satisfies Record<PausePoint, 'executed' | 'replayed'>;

const points = Object.keys(deaths).filter((point): point is PausePoint => point in deaths);

// At once, because most of them have a lease to wait for.
test.concurrent.each(points)(
  'P6 the owner is killed at %s: the same key is usable again within one lease, and makes one order',
  async (point) => {
    await using owner = await startServiceProcess({ ...stores, pauseAt: point });
    const place = (at: ServiceProcess, deadlineMs: number) =>
      createOrder(at.client, orderRequest({ customerId: point }), { key: point, deadlineMs });
    const first = place(owner, 60_000);
    await owner.paused();
    if (point === 'before_settle') await first;
    await owner.kill();
    const retry = await place(survivor, leaseMs + marginMs);
    const answer = answerOf(retry);
    expect(metadataValue(retry, 'idempotency-status')).toBe(deaths[point]);
    expect(answer).toEqual(await stores.audit.ledgerAnswerOf(point));
    expect(await stores.audit.effectsOf(point)).toEqual(oneEffect);
    const { code, response } = await first;
    expect([status.OK, status.UNAVAILABLE]).toContain(code);
    if (code === status.OK) expect(response).toEqual(answer);
    expect(answerOf(await place(survivor, leaseMs))).toEqual(answer);
  },
  60_000,
);

// L7 of the museum: the timers that renew the lease stop with the process.
test.concurrent('P1 an owner that is stopped for longer than its lease comes back to an order that another has placed: both get its answer', async () => {
  await using owner = await startServiceProcess({ ...stores, pauseAt: 'before_commit' });
  const place = (at: ServiceProcess) =>
    createOrder(at.client, orderRequest({ customerId: 'stopped' }), { key: 'stopped' });
  const first = place(owner);
  await owner.paused();
  owner.signal('SIGSTOP');
  const second = await place(survivor);
  expect(metadataValue(second, 'idempotency-status')).toBe('executed');
  owner.resume();
  owner.signal('SIGCONT');
  const late = await first;
  expect(answerOf(late)).toEqual(answerOf(second));
  expect(metadataValue(late, 'idempotency-status')).toBe('replayed');
  expect(await stores.audit.effectsOf('stopped')).toEqual(oneEffect);
}, 60_000);

// L3 of the museum: committed, but not yet settled in Redis, when the lease ends.
test.concurrent('P1 an owner that is stopped behind its commit: the duplicate gets the committed answer, and so does the owner', async () => {
  await using owner = await startServiceProcess({ ...stores, pauseAt: 'after_commit' });
  const place = (at: ServiceProcess) =>
    createOrder(at.client, orderRequest({ customerId: 'committed' }), { key: 'committed' });
  const first = place(owner);
  await owner.paused();
  owner.signal('SIGSTOP');
  const second = await place(survivor);
  expect(metadataValue(second, 'idempotency-status')).toBe('replayed');
  owner.resume();
  owner.signal('SIGCONT');
  expect(answerOf(await first)).toEqual(answerOf(second));
  expect(await stores.audit.effectsOf('committed')).toEqual(oneEffect);
}, 60_000);
