import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { IdempotencyError } from '../../../src/idempotency/index.ts';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { say, toldBy } from './stage/calls.ts';
import { handlerFailure } from './stage/failures.ts';
import { ledgerRow, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';

// L12: whichever door a handler leaves by, its record is settled or free.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

const answer = (text: string): SayResponse => SayResponse.fromPartial({ text });

async function expectFree(text: string): Promise<void> {
  await echo.idempotency.drained();
  expect(await ledgerRow(stage, sayRecord(text, text))).toBeUndefined();
  expect(await stateInRedis(stage, echo, sayRecord(text, text))).toBeNull();
}

async function expectSettled(text: string, response: Uint8Array | undefined): Promise<void> {
  await echo.idempotency.drained();
  expect(await ledgerRow(stage, sayRecord(text, text))).toMatchObject({ state: 'COMPLETED', response });
  const retry = await say(echo, { text }, { key: text });
  expect(retry).toMatchObject({ code: code.OK, response });
  expect(toldBy(retry).status).toBe('replayed');
}

test('a handler that throws at once: UNKNOWN, and the key is free', async () => {
  stage.insteadOfSaying('throws', () => {
    throw new Error('at once');
  });
  expect((await say(echo, { text: 'throws' }, { key: 'throws' })).code).toBe(code.UNKNOWN);
  await expectFree('throws');
});

test('a handler whose promise is rejected: INTERNAL without a word of the inside, and the key is free', async () => {
  stage.whenSaying('rejects', async () => {
    throw new Error('the secret reason');
  });
  const result = await say(echo, { text: 'rejects' }, { key: 'rejects' });
  expect(result.code).toBe(code.INTERNAL);
  expect(result.message).not.toContain('secret');
  await expectFree('rejects');
});

test('a handler that answers nothing at all: RESPONSE_NOT_ENCODABLE, and the key is free', async () => {
  stage.insteadOfSaying('nothing', (_call, callback) => callback(null, undefined));
  const result = await say(echo, { text: 'nothing' }, { key: 'nothing' });
  expect(result).toMatchObject({ code: code.INTERNAL, errorInfo: { reason: 'RESPONSE_NOT_ENCODABLE' } });
  await expectFree('nothing');
});

describe('a handler that calls back twice: the first time counts', () => {
  test('two answers', async () => {
    stage.insteadOfSaying('two answers', (_call, callback) => {
      callback(null, answer('one'));
      callback(null, answer('two'));
    });
    const result = await say(echo, { text: 'two answers' }, { key: 'two-answers' });
    expect(SayResponse.decode(result.response ?? Buffer.of())).toMatchObject({ text: 'one' });
    const retry = await say(echo, { text: 'two answers' }, { key: 'two-answers' });
    expect(retry.response).toEqual(result.response);
  });

  test('an answer, then a failure', async () => {
    stage.insteadOfSaying('then fails', (_call, callback) => {
      callback(null, answer('one'));
      callback(handlerFailure(code.NOT_FOUND));
    });
    const result = await say(echo, { text: 'then fails' }, { key: 'then-fails' });
    expect(result.code).toBe(code.OK);
  });

  test('a failure, then an answer', async () => {
    stage.insteadOfSaying('fails-first', (_call, callback) => {
      callback(handlerFailure(code.UNAVAILABLE));
      callback(null, answer('two'));
    });
    expect((await say(echo, { text: 'fails-first' }, { key: 'fails-first' })).code).toBe(code.UNAVAILABLE);
    await expectFree('fails-first');
  });

  test('an answer, then it throws', async () => {
    stage.insteadOfSaying('then-throws', (_call, callback) => {
      callback(null, answer('one'));
      throw new Error('after the answer');
    });
    const result = await say(echo, { text: 'then-throws' }, { key: 'then-throws' });
    expect(result.code).toBe(code.OK);
    await expectSettled('then-throws', result.response);
  });
});

describe('a handler that commits', () => {
  test.each([code.NOT_FOUND, code.UNAVAILABLE])(
    'and fails with %i afterwards has succeeded: its caller and every retry get the answer (P2, P7, R4)',
    async (failure) => {
      const text = `fails-after-${failure}`;
      stage.whenSaying(text, async (attempt) => {
        await attempt.commit(answer('committed'), (entry) => echo.ledger.record(entry));
        throw handlerFailure(failure);
      });
      const result = await say(echo, { text }, { key: text });
      expect(SayResponse.decode(result.response ?? Buffer.of())).toMatchObject({ text: 'committed' });
      expect(toldBy(result).status).toBe('executed');
      await expectSettled(text, result.response);
    },
  );

  test('and answers otherwise: what was committed is what is sent (P2)', async () => {
    stage.whenSaying('otherwise', async (attempt) => {
      await attempt.commit(answer('committed'), (entry) => echo.ledger.record(entry));
    });
    const result = await say(echo, { text: 'otherwise' }, { key: 'otherwise' });
    expect(SayResponse.decode(result.response ?? Buffer.of())).toMatchObject({ text: 'committed', run: 0 });
    await expectSettled('otherwise', result.response);
  });

  test('in vain, and says OK all the same: never OK, and the key is free (P7, D1)', async () => {
    stage.whenSaying('swallowed', async (attempt) => {
      const divideByZero = (entry: Parameters<typeof echo.ledger.record>[0]) =>
        echo.ledger.commit(entry, (connection) => sql`select 1 / 0`.execute(connection));
      await attempt.commit(answer('not committed'), divideByZero).catch(() => undefined);
    });
    const result = await say(echo, { text: 'swallowed' }, { key: 'swallowed' });
    expect(result).toMatchObject({ code: code.INTERNAL, response: undefined });
    await expectFree('swallowed');
  });

  test('twice: the second time is refused, and the first one counts', async () => {
    const refusals: unknown[] = [];
    stage.whenSaying('commits-twice', async (attempt) => {
      await attempt.commit(answer('first'), (entry) => echo.ledger.record(entry));
      await attempt
        .commit(answer('second'), (entry) => echo.ledger.record(entry))
        .catch((error) => refusals.push(error));
    });
    const result = await say(echo, { text: 'commits-twice' }, { key: 'commits-twice' });
    expect(SayResponse.decode(result.response ?? Buffer.of())).toMatchObject({ text: 'first' });
    expect(refusals).toHaveLength(1);
  });

  test('with an unknown outcome: the caller is told so, and its retry gets what was committed (P1, P2)', async () => {
    stage.whenSaying('unknown', async (attempt, request) => {
      request.text = 'is not looked at any more';
      await attempt.commit(answer('committed'), async (entry) => {
        await echo.ledger.record(entry);
        throw new IdempotencyError('OUTCOME_UNKNOWN', 'Who knows.', { retryAfterMs: 100 });
      });
    });
    const result = await say(echo, { text: 'unknown' }, { key: 'unknown' });
    expect(result).toMatchObject({ code: code.UNAVAILABLE, errorInfo: { reason: 'OUTCOME_UNKNOWN' } });
    stage.whenSaying('unknown', () => {});
    const retry = await say(echo, { text: 'unknown' }, { key: 'unknown' });
    expect(SayResponse.decode(retry.response ?? Buffer.of())).toMatchObject({ text: 'committed' });
    expect(toldBy(retry).status).toBe('replayed');
  });
});
