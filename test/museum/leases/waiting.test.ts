import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { noStore } from '../../../src/idempotency/index.ts';
import { alteredStore } from '../../integration/idempotency/stage/altered-store.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { redisName, sayRecord } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import { differentAnswers } from '../../integration/idempotency/stage/waiters.ts';
import { echoContractWith } from '../../support/echo-contract.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';

/** Within a test nothing happens because a lease has ended. */
const longLeases = echoContractWith({ lease: { seconds: 60n } });
const OWNER_MS = 3_000;
const RECHECK_MS = 500;
/** What a loaded machine may add. */
const ALLOWANCE_MS = 2_500;

let stage: Stage;
let echo: EchoService;
let other: EchoService;
let redisless: EchoService;

beforeAll(async () => {
  stage = await openStage();
  const library = { contract: longLeases };
  const settings = { IDEMPOTENCY_RECHECK_MS: '60000' };
  [echo, other] = [await stage.startService({ library }), await stage.startService({ library, settings })];
  redisless = await stage.startService({ withRedis: false });
});

afterAll(() => stage.close());

/** An owner that takes three seconds, and a duplicate that has much more time. */
async function waitForSlowOwner(text: string, at: EchoService, waitingAt: EchoService, key: string | undefined) {
  const endings: string[] = [];
  const begun = stage.createGate();
  let endedMs = 0;
  stage.whenSaying(text, async () => {
    begun.open();
    await begun.pass();
    await sleep(OWNER_MS);
    endings.push('owner');
    endedMs = performance.now();
  });
  const owner = say(at, { text }, { key });
  await begun.reached;
  const waiter = await say(waitingAt, { text }, { key, deadlineMs: 10_000 });
  endings.push('waiter');
  expect(endings).toEqual(['owner', 'waiter']);
  expect(performance.now() - endedMs).toBeLessThan(ALLOWANCE_MS);
  expect(differentAnswers([await owner, waiter])).toHaveLength(1);
  expect([toldBy(await owner).status, toldBy(waiter).status]).toEqual(['executed', 'replayed']);
}

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

/** The connections on which services listen, by their ids. */
async function subscribers(): Promise<readonly string[]> {
  const list = await stage.redisClient.client('LIST', 'TYPE', 'PUBSUB');
  return [...String(list).matchAll(/^id=(\d+)/gm)].map(([, id]) => String(id));
}

async function cutSubscribers(): Promise<void> {
  expect(Number(await stage.redisClient.call('CLIENT', 'KILL', 'TYPE', 'pubsub'))).toBeGreaterThan(0);
}

storiesAtOnce({
  // KanishJebaMathewM/Truxify#4697: a duplicate slept once, for a moment, and was told of a conflict then.
  'L10 the owner takes three seconds: a waiter in its process has the answer then': () =>
    waitForSlowOwner('L10 same process', echo, echo, 'L10-1'),
  'L10 the owner takes three seconds: a waiter in another process has the answer then': () =>
    waitForSlowOwner('L10 other process', echo, other, 'L10-2'),
  'L10 the owner takes three seconds, with a derived key: a waiter has the answer then': () =>
    waitForSlowOwner('L10 derived', echo, other, undefined),
  'L10 the owner takes three seconds, without Redis: a waiter in its process has the answer then': () =>
    waitForSlowOwner('L10 no Redis', redisless, redisless, 'L10-3'),

  // blehnen/DotNetWorkQueue#331, serverpod/serverpod#5682: the last message was lost, and the waiter slept for ever.
  'L11 a wake-up that is lost without a trace costs no more than the recheck': async () => {
    // A store that hears nothing: only the recheck can find the answer, for the lease is a minute away.
    const deaf = alteredStore(echo, { watch: noStore.watch });
    const library = { contract: longLeases, store: deaf, recheckMs: RECHECK_MS };
    const { gate, owner, waiter } = await holdWithWaiter(await stage.startService({ library }), 'L11-deaf');
    gate.open();
    await owner;
    const answeredMs = performance.now();
    expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
    expect(performance.now() - answeredMs).toBeLessThan(RECHECK_MS + ALLOWANCE_MS);
  },
  'L11 completed in the ledger only, because Redis was never told: a waiter finds it after the lease': async () => {
    // The owner's store loses what it is told to settle, and never renews.
    const { renew, settle, release } = noStore;
    const owning = await stage.startService({ library: { store: alteredStore(echo, { renew, settle, release }) } });
    const waiting = await stage.startService();
    const gate = stage.holdSaying('L11-mute');
    const owner = say(owning, { text: 'L11-mute' }, { key: 'L11-mute' });
    await gate.reached;
    const waiter = say(waiting, { text: 'L11-mute' }, { key: 'L11-mute' });
    gate.open();
    expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
    expect(toldBy(await waiter).status).toBe('replayed');
  },
  'L11 the subscription is cut right before the completion, and another one is made after it: asked again then':
    async () => {
      const { gate, owner, waiter } = await holdWithWaiter(other, 'L11-cut');
      await cutSubscribers();
      gate.open();
      expect(differentAnswers([await owner, await waiter])).toHaveLength(1);
      expect(toldBy(await waiter).status).toBe('replayed');

      // Published while nobody can subscribe, however often that is tried.
      const next = await holdWithWaiter(other, 'L11-unconfirmed');
      await stage.redisClient.call('ACL', 'SETUSER', 'default', '-subscribe');
      await cutSubscribers();
      next.gate.open();
      await next.owner;
      expect(await subscribers()).toEqual([]);
      await stage.redisClient.call('ACL', 'SETUSER', 'default', '+subscribe');
      expect(differentAnswers([await next.owner, await next.waiter])).toHaveLength(1);
      expect(toldBy(await next.waiter).status).toBe('replayed');
    },
});
