import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noStore } from '../../../src/idempotency/index.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { alteredStore } from './stage/altered-store.ts';
import { say, toldBy } from './stage/calls.ts';
import { claimOfTheDead, endLease, ledgerRow, redisName, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers } from './stage/waiters.ts';

// The lease of Say is one second.

let stage: Stage;
let echo: EchoService;
let other: EchoService;
/** Does not renew its claims: to the others it looks like a process that is stopped while it runs a handler. */
let stopped: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
  stopped = await stage.startService({ library: { store: alteredStore(other, { renew: noStore.renew }) } });
});

afterAll(() => stage.close());

describe('an owner that dies', () => {
  test('leaves a key that is usable again within one lease, without any help (P6)', async () => {
    await claimOfTheDead(other, sayRecord('died', 't-1'));
    const startedMs = performance.now();
    const result = await say(echo, { text: 'died' }, { key: 't-1' });
    expect(toldBy(result).status).toBe('executed');
    expect(performance.now() - startedMs).toBeLessThan(1_000 + 2_000);
  });

  test('leaves nothing in Redis that outlives its lease for long (P6)', async () => {
    const record = sayRecord('trace', 't-2');
    await claimOfTheDead(other, record);
    expect(await stage.redisClient.pttl(redisName(other, record))).toBeLessThanOrEqual(2_000);
  });

  test('can have committed: whoever takes over looks in the ledger first, and runs nothing (P1, L3)', async () => {
    // The owner is held between its commit and its answer, as if it had died there.
    const answering = Promise.withResolvers<void>();
    const dying = await stage.startService({
      library: {
        store: alteredStore(other, { renew: noStore.renew, settle: noStore.settle }),
        pause: async (point) => {
          if (point === 'before_answer') await answering.promise;
        },
      },
    });
    const record = sayRecord('committed', 't-3');
    const first = say(dying, { text: 'committed' }, { key: 't-3' });
    await until('the commit', async () => (await ledgerRow(stage, record)) !== undefined);
    await endLease(stage, echo, record);
    const runsBefore = echo.runs();
    const second = await say(echo, { text: 'committed' }, { key: 't-3' });
    answering.resolve();
    expect(second.response).toEqual((await first).response);
    expect(toldBy(second).status).toBe('replayed');
    expect(echo.runs()).toBe(runsBefore);
  });
});

describe('an owner that was stopped past its lease and comes back', () => {
  test('cannot settle, renew or release the claim of its successor (L2)', async () => {
    const record = sayRecord('succeeded', 't-4');
    const lost = await claimOfTheDead(other, record);
    await endLease(stage, other, record);
    const gate = stage.holdSaying('succeeded');
    const successor = say(echo, { text: 'succeeded' }, { key: 't-4' });
    await gate.reached;
    const before = await stage.redisClient.hget(redisName(echo, record), 'owner');
    const outcome = { kind: 'completed', response: Buffer.from('not this') } as const;
    expect(await other.store?.renew(lost)).toBe('lost');
    expect(await other.store?.settle(lost, outcome, 60_000)).toBe('lost');
    expect(await other.store?.release(lost)).toBe('lost');
    expect(await stage.redisClient.hget(redisName(echo, record), 'owner')).toBe(before);
    gate.open();
    expect((await successor).response).not.toEqual(outcome.response);
    expect(await say(other, { text: 'succeeded' }, { key: 't-4' })).toMatchObject({
      response: (await successor).response,
    });
  });

  test('commits nothing if its successor has: the primary key of the ledger decides (P1, P2, L7)', async () => {
    const record = sayRecord('both', 't-5');
    const gate = stage.holdSaying('both');
    const slow = say(stopped, { text: 'both' }, { key: 't-5' });
    await gate.reached;
    await endLease(stage, echo, record);
    stage.whenSaying('both', () => {});
    const quick = await say(echo, { text: 'both' }, { key: 't-5' });
    const row = await ledgerRow(stage, record);
    gate.open();
    expect(toldBy(await slow).status).toBe('replayed');
    expect(differentAnswers([quick, await slow])).toHaveLength(1);
    expect(await ledgerRow(stage, record)).toEqual(row);
    await stopped.idempotency.drained();
    expect(stopped.events).toContainEqual({ kind: 'lostOwnership' });
  });

  test('wins if it commits first: its successor gets its answer (P1, P2)', async () => {
    const record = sayRecord('first wins', 't-6');
    const gates = [stage.holdSaying('first wins')];
    const slow = say(stopped, { text: 'first wins' }, { key: 't-6' });
    await gates[0]?.reached;
    await endLease(stage, echo, record);
    gates.push(stage.holdSaying('first wins'));
    const successor = say(echo, { text: 'first wins' }, { key: 't-6' });
    await gates[1]?.reached;
    gates[0]?.open();
    expect(toldBy(await slow).status).toBe('executed');
    gates[1]?.open();
    expect(toldBy(await successor).status).toBe('replayed');
    expect(differentAnswers([await slow, await successor])).toHaveLength(1);
  });
});

test('a handler that takes three leases is not taken over: its claim is renewed', async () => {
  stage.whenSaying('slow', () => sleep(3_000));
  const owner = say(echo, { text: 'slow' }, { key: 't-7' });
  await until('the claim', async () => (await stateInRedis(stage, echo, sayRecord('slow', 't-7'))) === 'PENDING');
  const runsBefore = other.runs();
  const waiter = await say(other, { text: 'slow' }, { key: 't-7' });
  expect(differentAnswers([await owner, waiter])).toHaveLength(1);
  expect(toldBy(await owner).status).toBe('executed');
  expect(other.runs()).toBe(runsBefore);
});
