import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { type CallResult, metadataValue } from '../../support/unary-call.ts';
import { say, shout, toldBy } from './stage/calls.ts';
import { claimOfTheDead, redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  const settings = { IDEMPOTENCY_MAX_WAITERS_PER_KEY: '2' };
  [echo, other] = [await stage.startService({ settings }), await stage.startService({ settings })];
});

afterAll(() => stage.close());

function expectInProgress(result: CallResult, key: string): void {
  expect(result).toMatchObject({ code: code.UNAVAILABLE, errorInfo: { reason: 'IDEMPOTENCY_KEY_IN_PROGRESS' } });
  expect(result.message).toContain('the same key');
  expect(toldBy(result)).toEqual({ key, source: 'client', status: undefined });
  const { retryDelay } = result.retryInfo ?? {};
  const retryMs = Number(retryDelay?.seconds ?? 0) * 1_000 + (retryDelay?.nanos ?? 0) / 1e6;
  expect(retryMs).toBeGreaterThanOrEqual(100);
  expect(retryMs).toBeLessThanOrEqual(1_000);
  // The same for clients that retry by themselves (gRFC A6).
  expect(metadataValue(result, 'grpc-retry-pushback-ms')).toBe(String(retryMs));
  expect(result.hadHeaders).toBe(false);
}

test.each(['in the same process', 'in another process'])(
  'a waiter whose owner is %s is told to come back before its own deadline is over (P4)',
  async (where) => {
    const key = where.replaceAll(' ', '-');
    const gate = stage.holdSaying(where);
    const owner = say(echo, { text: where }, { key });
    await gate.reached;
    const to = where === 'in the same process' ? echo : other;
    const wait = () => say(to, { text: where }, { key, deadlineMs: 1_500 });
    let told = await wait();
    // A busy machine may lose the 75 ms that are left for the answer, but hardly three times in a row.
    for (let tries = 1; tries < 3 && told.code === code.DEADLINE_EXCEEDED; tries += 1) told = await wait();
    expectInProgress(told, key);
    gate.open();
    expect((await owner).code).toBe(code.OK);
  },
);

test('no waiter waits longer than the policy of its method says (P4)', async () => {
  const gate = stage.createGate();
  stage.whenShouting('slowly', gate.pass);
  const owner = shout(echo, 'slowly', { key: 'longest-wait' });
  await gate.reached;
  // Shout waits for 200 ms; the callers would wait for 20 s.
  const startedMs = performance.now();
  const waiters = [echo, other].map((to) => shout(to, 'slowly', { key: 'longest-wait' }));
  for (const waiter of await Promise.all(waiters)) {
    expectInProgress(waiter, 'longest-wait');
  }
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  gate.open();
  expect((await owner).code).toBe(code.OK);
});

test('more waiters than the limit are turned away at once, and the others get their answer (P10)', async () => {
  const gate = stage.holdSaying('crowded');
  const owner = say(echo, { text: 'crowded' }, { key: 'crowded' });
  await gate.reached;
  let turnedAway: CallResult | undefined;
  const waiters = Array.from({ length: 3 }, async () => {
    const result = await say(echo, { text: 'crowded' }, { key: 'crowded' });
    turnedAway ??= result;
    return result;
  });
  await until('the one too many', () => turnedAway !== undefined);
  expect(turnedAway).toMatchObject({
    code: code.RESOURCE_EXHAUSTED,
    errorInfo: {
      reason: 'TOO_MANY_WAITERS',
      metadata: new Map([
        ['key', 'crowded'],
        ['waitersMax', '2'],
      ]),
    },
    retryInfo: { retryDelay: { seconds: 1n } },
  });
  gate.open();
  const codes = (await Promise.all([owner, ...waiters])).map((result) => result.code).sort();
  expect(codes).toEqual([code.OK, code.OK, code.OK, code.RESOURCE_EXHAUSTED]);
});

test('a waiter that leads its process and is out of time leaves the others waiting (P4)', async () => {
  const record = sayRecord('led', 'led');
  const claim = await claimOfTheDead(other, record);
  const short = say(echo, { text: 'led' }, { key: 'led', deadlineMs: 600 });
  await until('the leader', async () => (await stage.redisClient.hget(redisName(echo, record), 'waited')) === '1');
  const long = say(echo, { text: 'led' }, { key: 'led' });
  expectInProgress(await short, 'led');
  await other.store?.settle(claim, { kind: 'completed', response: Buffer.from([0x0a, 1, 0x61]) }, 60_000);
  expect(toldBy(await long).status).toBe('replayed');
  expect((await long).response).toEqual(Buffer.from([0x0a, 1, 0x61]));
});
