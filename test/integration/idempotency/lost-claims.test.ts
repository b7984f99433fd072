import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noStore } from '../../../src/idempotency/index.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { alteredStore } from './stage/altered-store.ts';
import { say, toldBy } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { forgetInRedis, redisName, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';
import { differentAnswers } from './stage/waiters.ts';

// What Redis says of a claim can be lost, late or wrong.

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

describe('a claim that Redis evicts while its handler runs (S9)', () => {
  test('a duplicate runs too, one of the two commits, and both get the same answer (P1, P2)', async () => {
    const record = sayRecord('evicted', 't-8');
    const gate = stage.holdSaying('evicted');
    const first = say(echo, { text: 'evicted' }, { key: 't-8' });
    await gate.reached;
    await forgetInRedis(stage, echo, record);
    stage.whenSaying('evicted', () => {});
    const second = await say(other, { text: 'evicted' }, { key: 't-8' });
    gate.open();
    expect(differentAnswers([await first, second])).toHaveLength(1);
    expect([toldBy(await first).status, toldBy(second).status]).toEqual(['replayed', 'executed']);
    expect(await stage.sql('select id from idempotency_keys where key = $1', ['t-8'])).toHaveLength(1);
  });

  test('a duplicate that waits already is woken by the completion all the same (P4)', async () => {
    const record = sayRecord('evicted late', 't-9');
    // Without renewals the owner does not notice that its claim is gone.
    const stopped = await stage.startService({ library: { store: alteredStore(other, { renew: noStore.renew }) } });
    const gate = stage.holdSaying('evicted late');
    const first = say(stopped, { text: 'evicted late' }, { key: 't-9' });
    await gate.reached;
    const second = say(other, { text: 'evicted late' }, { key: 't-9' });
    await until('the waiter', async () => (await stage.redisClient.hget(redisName(other, record), 'waited')) === '1');
    await forgetInRedis(stage, other, record);
    gate.open();
    expect(differentAnswers([await first, await second])).toHaveLength(1);
    await stopped.idempotency.drained();
    expect(await stateInRedis(stage, other, record)).toBe('COMPLETED');
  });
});

test('a claim that never moves, because the clock of Redis stands still, holds nobody for ever (P6)', async () => {
  const frozen = alteredStore(other, {
    begin: async () => ({ kind: 'inProgress', claim: 'frozen', leaseLeftMs: 1_000 }),
  });
  const waiting = await stage.startService({ library: { store: frozen } });
  const result = await say(waiting, { text: 'frozen' }, { key: 't-10', deadlineMs: 8_000 });
  expect(toldBy(result).status).toBe('executed');
});

describe('a claim that was made although its begin was never answered (L13)', () => {
  test.each([code.UNAVAILABLE, code.INVALID_ARGUMENT])(
    'is given back when the handler fails with %i',
    async (failure) => {
      const text = `unanswered ${failure}`;
      const { begin } = alteredStore(other, {});
      const unanswered = alteredStore(other, {
        begin: async (claim) => {
          await begin(claim);
          return { kind: 'unavailable' };
        },
      });
      const service = await stage.startService({ library: { store: unanswered } });
      stage.whenSaying(text, () => {
        throw handlerFailure(failure);
      });
      expect((await say(service, { text }, { key: text.replace(' ', '-') })).code).toBe(failure);
      await service.idempotency.drained();
      expect(await stateInRedis(stage, other, sayRecord(text, text.replace(' ', '-')))).toBeNull();
    },
  );
});

test('a store of another make that fails behind the answer is reported, and changes nothing (O1)', async () => {
  await say(echo, { text: 'kept' }, { key: 'rejecting' });
  const failing = () => Promise.reject(new Error('the store has failed'));
  const store = alteredStore(echo, { begin: async () => ({ kind: 'askLedger' }), settle: failing, release: failing });
  const service = await stage.startService({ library: { store } });
  expect(toldBy(await say(service, { text: 'kept' }, { key: 'rejecting' })).status).toBe('replayed');
  await until('the report', () => service.events.some(({ kind }) => kind === 'backgroundFault'));
  expect((await say(service, { text: 'another' }, { key: 'rejecting' })).errorInfo?.reason).toBe(
    'IDEMPOTENCY_KEY_REUSED',
  );
  await until('the other', () => service.events.filter(({ kind }) => kind === 'backgroundFault').length === 2);
});
