import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { oneEffect } from '../../integration/orders/audit.ts';
import { type OpenStores, openStores } from '../../integration/orders/stores.ts';
import { answerOf, createOrder, orderRequest } from '../../support/order-requests.ts';
import { type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { metadataValue } from '../../support/unary-call.ts';

/** The lease of an order is 5 s. */
const STOPPED_MS = 7_000;

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

const place = (at: ServiceProcess, key: string) => createOrder(at.client, orderRequest({ customerId: key }), { key });

/** Gives the process a handler that computes for seven seconds without a pause. */
const spinsOnSignal = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
    `process.on('SIGUSR2', () => { const endMs = performance.now() + ${STOPPED_MS}; while (performance.now() < endMs); });`,
  )}`,
};

/** The owner is stopped within its call; a duplicate comes meanwhile; the owner goes on. */
async function stopWithin(key: string, owner: ServiceProcess, stop: (owner: ServiceProcess) => void) {
  const first = place(owner, key);
  await owner.paused();
  stop(owner);
  const stoppedAtMs = performance.now();
  const duplicates = await Promise.all([place(survivor, key), place(survivor, key)]);
  await sleep(STOPPED_MS - (performance.now() - stoppedAtMs));
  owner.resume();
  owner.signal('SIGCONT');
  const statuses = [await first, ...duplicates].map((answer) => metadataValue(answer, 'idempotency-status'));
  const answers = [await first, ...duplicates].map(answerOf);
  expect(answers).toEqual(answers.map(() => answers[0]));
  expect(await stores.audit.effectsOf(key)).toEqual(oneEffect);
  expect(answerOf(await place(survivor, key))).toEqual(answers[0]);
  expect(answerOf(await place(owner, key))).toEqual(answers[0]);
  return statuses;
}

storiesAtOnce({
  // OptimalBits/bull#476, #1416: timers do not fire while a handler computes, so that the lease was over and two workers ran.
  'L7 a handler spins for longer than its lease: one effect, and both get the same answer': async () => {
    await using owner = await startServiceProcess({ ...stores, pauseAt: 'before_commit', settings: spinsOnSignal });
    const statuses = await stopWithin('L7-spins', owner, ({ signal }) => signal('SIGUSR2'));
    expect(statuses.toSorted()).toEqual(['executed', 'replayed', 'replayed']);
    expect(statuses[0]).toBe('replayed');
  },
  'L7 an owner is stopped for longer than its lease, and goes on: one effect, and both get the same answer':
    async () => {
      await using owner = await startServiceProcess({ ...stores, pauseAt: 'before_commit' });
      const statuses = await stopWithin('L7-stopped', owner, ({ signal }) => signal('SIGSTOP'));
      expect(statuses.toSorted()).toEqual(['executed', 'replayed', 'replayed']);
      expect(statuses[0]).toBe('replayed');
    },
  // KanishJebaMathewM/Truxify#6898.
  'L3 an owner is stopped behind its commit until its lease is over: the duplicate gets what was committed':
    async () => {
      await using owner = await startServiceProcess({ ...stores, pauseAt: 'after_commit' });
      const statuses = await stopWithin('L3-stopped', owner, ({ signal }) => signal('SIGSTOP'));
      expect(statuses).toEqual(['executed', 'replayed', 'replayed']);
    },
});
