import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { noStore } from '../../../src/idempotency/index.ts';
import { echoContractWith } from '../../support/echo-contract.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { alteredStore } from './stage/altered-store.ts';
import { say, toldBy } from './stage/calls.ts';
import { redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers } from './stage/waiters.ts';

// L11: a message that is published while nobody is subscribed is lost.

/** Within a test nothing happens because a lease has ended. */
const longLeases = echoContractWith({ lease: { seconds: 60n } });

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService({ library: { contract: longLeases } });
});

afterAll(() => stage.close());

/** An owner that is held, and a duplicate in another process that has begun to wait. */
async function holdWithWaiter(waiting: EchoService, text: string) {
  const gate = stage.holdSaying(text);
  const owner = say(echo, { text }, { key: text });
  await gate.reached;
  const waiter = say(waiting, { text }, { key: text });
  const name = redisName(echo, sayRecord(text, text));
  await until('the waiter', async () => (await stage.redisClient.hget(name, 'waited')) === '1');
  return { gate, owner, waiter };
}

async function cutSubscribers(): Promise<void> {
  expect(Number(await stage.redisClient.call('CLIENT', 'KILL', 'TYPE', 'pubsub'))).toBeGreaterThan(0);
}

test('subscription cut right before the completion: asked again as soon as it is made anew (P4, L11)', async () => {
  const settings = { IDEMPOTENCY_RECHECK_MS: '60000' };
  const waiting = await stage.startService({ settings, library: { contract: longLeases } });
  const { gate, owner, waiter } = await holdWithWaiter(waiting, 'cut');
  await cutSubscribers();
  gate.open();
  expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
  expect(toldBy(await waiter).status).toBe('replayed');
});

test('a wake-up that is lost without a trace costs no more than the recheck (P4, L11)', async () => {
  // A store that hears nothing: only the recheck can find the answer, for the lease is a minute away.
  const deaf = alteredStore(echo, { watch: noStore.watch });
  const waiting = await stage.startService({
    library: { contract: longLeases, store: deaf, recheckMs: 500 },
  });
  const { gate, owner, waiter } = await holdWithWaiter(waiting, 'deaf');
  gate.open();
  await owner;
  const answeredMs = performance.now();
  expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
  expect(performance.now() - answeredMs).toBeLessThan(500 + 1_500);
});

test('completed in the ledger only, because Redis refused the write: a waiter finds it after the lease (P4, L11)', async () => {
  // The owner's store loses what it is told to settle, and never renews.
  const { renew, settle, release } = noStore;
  const mute = alteredStore(echo, { renew, settle, release });
  const owning = await stage.startService({ library: { store: mute } });
  const waiting = await stage.startService();
  const gate = stage.holdSaying('mute');
  const owner = say(owning, { text: 'mute' }, { key: 'mute' });
  await gate.reached;
  const waiter = say(waiting, { text: 'mute' }, { key: 'mute' });
  gate.open();
  expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
  expect(toldBy(await waiter).status).toBe('replayed');
});
