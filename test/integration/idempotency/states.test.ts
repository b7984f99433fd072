import { status as code, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EchoService, HandlerFailure } from '../../support/echo-service.ts';
import { failureBytes, say, toldBy } from './stage/calls.ts';
import {
  claimOfTheDead,
  endLease,
  forgetInRedis,
  ledgerRow,
  redisName,
  sayRecord,
  stateInRedis,
} from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { until } from './stage/until.ts';

// The state table of DESIGN, section 4, through real calls.

let stage: Stage;
let echo: EchoService;
let other: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, other] = [await stage.startService(), await stage.startService()];
});

afterAll(() => stage.close());

const gone = () => {
  throw new HandlerFailure(code.NOT_FOUND, 'gone', new Metadata());
};

describe('absent', () => {
  test('the call runs, and leaves COMPLETED in the ledger and in Redis', async () => {
    const record = sayRecord('absent', 'absent-1');
    const result = await say(echo, { text: 'absent' }, { key: 'absent-1' });
    expect(toldBy(result)).toEqual({ key: 'absent-1', source: 'client', status: 'executed' });
    expect(await ledgerRow(stage, record)).toMatchObject({ state: 'COMPLETED', response: result.response });
    await echo.idempotency.drained();
    expect(await stateInRedis(stage, echo, record)).toBe('COMPLETED');
  });

  test('a call that fails for good leaves FAILED in the ledger and in Redis', async () => {
    const record = sayRecord('absent-fails', 'absent-2');
    stage.whenSaying('absent-fails', gone);
    expect(await say(echo, { text: 'absent-fails' }, { key: 'absent-2' })).toMatchObject({ code: code.NOT_FOUND });
    expect(await ledgerRow(stage, record)).toMatchObject({ state: 'FAILED', status_code: 5, status_message: 'gone' });
    await echo.idempotency.drained();
    expect(await stateInRedis(stage, echo, record)).toBe('FAILED');
  });
});

describe('PENDING', () => {
  test('lease running: a duplicate waits, and gets the answer of the owner (P4)', async () => {
    const record = sayRecord('running', 'pending-1');
    const gate = stage.holdSaying('running');
    const first = say(echo, { text: 'running' }, { key: 'pending-1' });
    await gate.reached;
    const second = say(other, { text: 'running' }, { key: 'pending-1' });
    await until('the waiter', async () => (await stage.redisClient.hget(redisName(other, record), 'waited')) === '1');
    gate.open();
    expect((await second).response).toEqual((await first).response);
    expect(toldBy(await second).status).toBe('replayed');
  });

  test('lease over, nothing in the ledger: taken over, and the call runs (P6)', async () => {
    const record = sayRecord('dead', 'pending-2');
    await claimOfTheDead(other, record);
    await endLease(stage, other, record);
    const result = await say(echo, { text: 'dead' }, { key: 'pending-2' });
    expect(toldBy(result).status).toBe('executed');
    expect(echo.events).toContainEqual({ kind: 'takeover' });
  });

  test('lease over, but the ledger knows the answer: replayed, not run again (P1, L3)', async () => {
    const record = sayRecord('committed', 'pending-3');
    const first = await say(echo, { text: 'committed' }, { key: 'pending-3' });
    await echo.idempotency.drained();
    await forgetInRedis(stage, echo, record);
    await claimOfTheDead(other, record);
    await endLease(stage, other, record);
    const runsBefore = echo.runs();
    const second = await say(echo, { text: 'committed' }, { key: 'pending-3' });
    expect(second.response).toEqual(first.response);
    expect(toldBy(second).status).toBe('replayed');
    expect(echo.runs()).toBe(runsBefore);
  });
});

describe('settled', () => {
  test('COMPLETED in Redis: replayed without a look into the ledger (P2)', async () => {
    const first = await say(echo, { text: 'fast' }, { key: 'completed-1' });
    await echo.idempotency.drained();
    await stage.sql('delete from idempotency_keys where key = $1', ['completed-1']);
    const second = await say(other, { text: 'fast' }, { key: 'completed-1' });
    expect(second.response).toEqual(first.response);
    expect(toldBy(second)).toEqual({ key: 'completed-1', source: 'client', status: 'replayed' });
  });

  test('FAILED in Redis: the same failure without a look into the ledger (P2)', async () => {
    stage.whenSaying('fast-failure', gone);
    const first = await say(echo, { text: 'fast-failure' }, { key: 'failed-1' });
    await echo.idempotency.drained();
    await stage.sql('delete from idempotency_keys where key = $1', ['failed-1']);
    const second = await say(other, { text: 'fast-failure' }, { key: 'failed-1' });
    expect(failureBytes(second)).toEqual(failureBytes(first));
    expect(toldBy(second).status).toBe('replayed');
  });

  test('COMPLETED in the ledger only: nothing is committed twice, and Redis learns the answer again (P1, P5)', async () => {
    const record = sayRecord('forgetful', 'completed-2');
    const first = await say(echo, { text: 'forgetful' }, { key: 'completed-2' });
    await echo.idempotency.drained();
    await forgetInRedis(stage, echo, record);
    const second = await say(other, { text: 'forgetful' }, { key: 'completed-2' });
    expect(second.response).toEqual(first.response);
    expect(toldBy(second).status).toBe('replayed');
    await other.idempotency.drained();
    expect(await stateInRedis(stage, other, record)).toBe('COMPLETED');
  });

  test('what is stored is kept for 24 hours from the first attempt, in both places', async () => {
    const record = sayRecord('day', 'completed-3');
    await say(echo, { text: 'day' }, { key: 'completed-3' });
    await echo.idempotency.drained();
    const [row] = await stage.sql(
      `select extract(epoch from expires_at - created_at)::int as lifetime_s from idempotency_keys where id = $1`,
      [Buffer.from(record.id, 'hex')],
    );
    expect(row).toEqual({ lifetime_s: 86_400 });
    const ttlMs = await stage.redisClient.pttl(redisName(echo, record));
    expect(Math.abs(ttlMs - 86_400_000)).toBeLessThan(10_000);
  });
});
