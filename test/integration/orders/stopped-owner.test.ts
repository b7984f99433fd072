import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { metadataValue } from '../../support/unary-call.ts';
import { oneEffect } from './audit.ts';
import { type OpenStores, openStores } from './stores.ts';

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
