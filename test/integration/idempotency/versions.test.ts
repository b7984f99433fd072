import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EchoService } from '../../support/echo-service.ts';
import { say, toldBy } from './stage/calls.ts';
import { claimOfTheDead, forgetInRedis, ledgerRow, redisName, sayRecord } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';

// Two versions of the service run side by side during a deploy: what the other one has stored must be met with care.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

/** A settled record, changed as if the other version had stored it. */
async function settle(text: string, redisFields: Record<string, string>, ledgerChange: string) {
  const record = sayRecord(text, text);
  const first = await say(echo, { text }, { key: text });
  await echo.idempotency.drained();
  await stage.redisClient.hset(redisName(echo, record), redisFields);
  await stage.sql(`update idempotency_keys set ${ledgerChange} where id = $1`, [Buffer.from(record.id, 'hex')]);
  return { record, first };
}

const otherHash = { fingerprint: 'ab'.repeat(32), fingerprint_version: '2' };
const otherHashInLedger = `fingerprint = decode('${otherHash.fingerprint}', 'hex'), fingerprint_version = 2`;

describe('a fingerprint of another version is never compared (P3)', () => {
  test('settled in Redis: replayed', async () => {
    const { first } = await settle('v-1', otherHash, otherHashInLedger);
    const retry = await say(echo, { text: 'v-1' }, { key: 'v-1' });
    expect(retry.response).toEqual(first.response);
    expect(toldBy(retry).status).toBe('replayed');
  });

  test('only in the ledger: replayed', async () => {
    const { record, first } = await settle('v-2', otherHash, otherHashInLedger);
    await forgetInRedis(stage, echo, record);
    const retry = await say(echo, { text: 'v-2' }, { key: 'v-2' });
    expect(retry.response).toEqual(first.response);
    expect(toldBy(retry).status).toBe('replayed');
  });

  test('PENDING: waited for like any other', async () => {
    const record = sayRecord('v-3', 'v-3');
    const claim = await claimOfTheDead(echo, record);
    await stage.redisClient.hset(redisName(echo, record), otherHash);
    const waiter = say(echo, { text: 'v-3' }, { key: 'v-3' });
    await echo.store?.settle(claim, { kind: 'completed', response: Buffer.from([0x0a, 1, 0x61]) }, 60_000);
    expect((await waiter).response).toEqual(Buffer.from([0x0a, 1, 0x61]));
  });
});

describe('an answer in a form of another version is asked for in the ledger', () => {
  test('known there: replayed', async () => {
    const { first } = await settle('v-4', { form: '99' }, 'stored_form = 1');
    const retry = await say(echo, { text: 'v-4' }, { key: 'v-4' });
    expect(retry.response).toEqual(first.response);
  });

  test('unknown there, too: refused for now, and never run again', async () => {
    await settle('v-5', { form: '99' }, 'stored_form = 99');
    const runsBefore = echo.runs();
    const retry = await say(echo, { text: 'v-5' }, { key: 'v-5' });
    expect(retry).toMatchObject({ code: code.UNAVAILABLE, errorInfo: { reason: 'STORED_FORM_UNKNOWN' } });
    expect(retry.errorInfo?.metadata.get('form')).toBe('99');
    expect(retry.retryInfo).toBeDefined();
    expect(echo.runs()).toBe(runsBefore);
  });

  test('unknown in the ledger, and Redis has forgotten: refused, and nothing of a second run is kept', async () => {
    const { record } = await settle('v-6', { form: '99' }, 'stored_form = 99');
    await forgetInRedis(stage, echo, record);
    const before = await ledgerRow(stage, record);
    const retry = await say(echo, { text: 'v-6' }, { key: 'v-6' });
    expect(retry).toMatchObject({ code: code.UNAVAILABLE, errorInfo: { reason: 'STORED_FORM_UNKNOWN' } });
    expect(await ledgerRow(stage, record)).toEqual(before);
  });
});
