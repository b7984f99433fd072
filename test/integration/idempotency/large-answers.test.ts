import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { say, toldBy } from './stage/calls.ts';
import { ledgerRow, redisName, sayRecord, stateInRedis } from './stage/records.ts';
import { openStage, type Stage } from './stage/stage.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  const settings = { GRPC_MAX_RESPONSE_BYTES: '4096', IDEMPOTENCY_MAX_CACHED_ANSWER_BYTES: '1024' };
  echo = await stage.startService({ settings });
});

afterAll(() => stage.close());

const payloadOf = (bytes: number) => Buffer.alloc(bytes, Buffer.from([0, 0xff, 0xfe, 0x0a]));

test('an answer too large for the wire is refused before anything is committed (P10, R1)', async () => {
  const record = sayRecord('huge', 'huge');
  let commits = 0;
  stage.whenSaying('huge', async (attempt) => {
    await attempt.commit(SayResponse.fromPartial({ payload: payloadOf(4_097) }), (entry) => {
      commits += 1;
      return echo.ledger.record(entry);
    });
  });
  const result = await say(echo, { text: 'huge' }, { key: 'huge' });
  expect(result).toMatchObject({ code: code.RESOURCE_EXHAUSTED, errorInfo: { reason: 'RESPONSE_TOO_LARGE' } });
  expect(result.errorInfo?.metadata.get('bytesMax')).toBe('4096');
  expect(commits).toBe(0);
  expect(await ledgerRow(stage, record)).toBeUndefined();
  await echo.idempotency.drained();
  expect(await stateInRedis(stage, echo, record)).toBeNull();
});

test('the largest answer that can be sent is sent, and replayed (R1)', async () => {
  // The fields around the payload take some bytes.
  const room =
    4_096 -
    SayResponse.encode(SayResponse.fromPartial({ text: 'fits', payload: payloadOf(3_000) })).finish().length +
    3_000;
  stage.whenSaying('fits', (attempt) =>
    attempt.commit(SayResponse.fromPartial({ text: 'fits', payload: payloadOf(room) }), (entry) =>
      echo.ledger.record(entry),
    ),
  );
  const first = await say(echo, { text: 'fits' }, { key: 'fits' });
  expect(first.response).toHaveLength(4_096);
  await echo.idempotency.drained();
  expect((await say(echo, { text: 'fits' }, { key: 'fits' })).response).toEqual(first.response);
});

test('an answer too large for Redis is kept in the ledger only, and replayed with every byte (P2, S1)', async () => {
  const request = { text: 'large', payload: payloadOf(2_000) };
  const first = await say(echo, request, { key: 'large' });
  await echo.idempotency.drained();
  const [name = ''] = await stage.redisClient.keys(redisName(echo, sayRecord('large', 'large')));
  expect(await stage.redisClient.hmget(name, 'state', 'kept', 'response')).toEqual(['COMPLETED', 'ledger', '']);
  const runsBefore = echo.runs();
  const second = await say(echo, request, { key: 'large' });
  expect(second.response).toEqual(first.response);
  expect(toldBy(second).status).toBe('replayed');
  expect(echo.runs()).toBe(runsBefore);
});

test('an empty answer is an answer', async () => {
  stage.insteadOfSaying('empty', (_call, callback) => callback(null, SayResponse.fromPartial({})));
  const first = await say(echo, { text: 'empty' }, { key: 'empty' });
  await echo.idempotency.drained();
  const second = await say(echo, { text: 'empty' }, { key: 'empty' });
  expect([first, second].map(({ response }) => response)).toEqual([Buffer.of(), Buffer.of()]);
  expect(toldBy(second).status).toBe('replayed');
});
