import { setTimeout as sleep } from 'node:timers/promises';
import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { say, shout, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { expectReused } from '../../integration/idempotency/stage/differing.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { sayRecord, shoutRecord, stateInRedis } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { until } from '../../integration/idempotency/stage/until.ts';
import type { EchoService } from '../../support/echo-service.ts';

/** The lease of Say is one second. */
const LEASE_MS = 1_000;
/** What a loaded machine may add. */
const ALLOWANCE_MS = 2_500;

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

/** What is written from now on is what Redis has lost when it comes back. */
const takeSnapshot = () => stage.redisClient.save();

/** Redis comes back as it was at the last snapshot, and both services have it again. */
async function goBack(): Promise<void> {
  await Promise.all([echo, other].map(({ idempotency }) => idempotency.drained()));
  await stage.redis.restart();
  for (const { store } of [echo, other]) {
    await until('Redis is back', async () => {
      const probe = store?.newClaim(sayRecord('probe', `probe-${performance.now()}`));
      return probe !== undefined && (await store?.begin(probe))?.kind === 'acquired';
    });
  }
}

async function expectReplay(text: string, key: string, response: Buffer | undefined): Promise<void> {
  const startedMs = performance.now();
  const retries = await Promise.all([echo, other].map((to) => say(to, { text }, { key })));
  expect(performance.now() - startedMs).toBeLessThan(LEASE_MS + ALLOWANCE_MS);
  expect(retries.map((retry) => [retry.code, retry.response])).toEqual(Array(2).fill([code.OK, response]));
  expect(retries.map((retry) => toldBy(retry).status)).toEqual(['replayed', 'replayed']);
  expectReused(await say(other, { text: `other than ${text}` }, { key }), key);
  expect(await stage.sql('select state from idempotency_keys where key = $1', [key])).toEqual([{ state: 'COMPLETED' }]);
}

// redis/redis#6062: writes that had been acknowledged were gone after a failover, ten seconds of them.
test('S10 the claim of a finished call is back: its answer is found within one lease, and nobody else has the key', async () => {
  const gate = stage.holdSaying('S10-pending');
  const call = say(echo, { text: 'S10-pending' }, { key: 'S10-pending' });
  await gate.reached;
  await takeSnapshot();
  gate.open();
  const { response } = await call;
  await goBack();
  expect(await stateInRedis(stage, echo, sayRecord('S10-pending', 'S10-pending'))).not.toBe('COMPLETED');
  await expectReplay('S10-pending', 'S10-pending', response);
});

test('S10 the record of a finished call is absent: its answer is found', async () => {
  await takeSnapshot();
  const { response } = await say(echo, { text: 'S10-absent' }, { key: 'S10-absent' });
  await goBack();
  expect(await stateInRedis(stage, echo, sayRecord('S10-absent', 'S10-absent'))).toBeNull();
  await expectReplay('S10-absent', 'S10-absent', response);
});

test('S10 the claim of another request is back, one that had spent nothing: the key is still that of the one that ran', async () => {
  const gate = stage.createGate();
  stage.whenSaying('S10 first', async () => {
    await gate.pass();
    throw handlerFailure(code.ABORTED);
  });
  const first = say(echo, { text: 'S10 first' }, { key: 'S10-other' });
  await gate.reached;
  await takeSnapshot();
  gate.open();
  expect((await first).code).toBe(code.ABORTED);
  await echo.idempotency.drained();
  const { response } = await say(echo, { text: 'S10 second' }, { key: 'S10-other' });
  await goBack();
  await expectReplay('S10 second', 'S10-other', response);
});

test('S10 the claim of a call that came to nothing is back: it is gone within one lease, and the key is usable', async () => {
  const gate = stage.createGate();
  stage.whenSaying('S10-dead', async () => {
    await gate.pass();
    throw handlerFailure(code.UNAVAILABLE);
  });
  const call = say(echo, { text: 'S10-dead' }, { key: 'S10-dead' });
  await gate.reached;
  await takeSnapshot();
  gate.open();
  await call;
  stage.whenSaying('S10-dead', () => {});
  await goBack();
  const startedMs = performance.now();
  expect(toldBy(await say(other, { text: 'S10-dead' }, { key: 'S10-dead' })).status).toBe('executed');
  expect(performance.now() - startedMs).toBeLessThan(LEASE_MS + ALLOWANCE_MS);
});

test('S10 the failure of a key that has expired, and been used anew since, is back: the new answer stands', async () => {
  // The time to live of Shout is two seconds, and its expired keys are new.
  const record = shoutRecord('S10 failed', 'S10-failed');
  stage.whenShouting('S10 failed', () => {
    throw handlerFailure(code.NOT_FOUND);
  });
  expect((await shout(echo, 'S10 failed', { key: 'S10-failed' })).code).toBe(code.NOT_FOUND);
  await echo.idempotency.drained();
  expect(await stateInRedis(stage, echo, record)).toBe('FAILED');
  await takeSnapshot();
  stage.whenShouting('S10 failed', () => {});
  await until('its end', async () => (await stateInRedis(stage, echo, record)) === null);
  await sleep(50);
  const anew = await shout(echo, 'S10 failed', { key: 'S10-failed' });
  expect([anew.code, toldBy(anew).status]).toEqual([code.OK, 'executed']);
  await goBack();
  const retry = await shout(other, 'S10 failed', { key: 'S10-failed' });
  expect([retry.code, toldBy(retry).status === 'replayed' ? retry.response : anew.response]).toEqual([
    code.OK,
    anew.response,
  ]);
});
