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

/** An answer of exactly so many bytes on the wire, of which the fields around the payload take some. */
function answerOf(text: string, bytes: number): SayResponse {
  const encode = (payload: Buffer) => SayResponse.encode(SayResponse.fromPartial({ text, payload })).finish();
  const around = encode(payloadOf(bytes)).length - bytes;
  const answer = SayResponse.fromPartial({ text, payload: payloadOf(bytes - around) });
  expect(SayResponse.encode(answer).finish()).toHaveLength(bytes);
  return answer;
}

test.each([4_097, 20 * 1_048_576])(
  'an answer of %d bytes, too large for the wire, is refused before anything is committed (P10, R1)',
  async (bytes) => {
    const key = `huge-${bytes}`;
    const record = sayRecord(key, key);
    let commits = 0;
    stage.whenSaying(key, async (attempt) => {
      await attempt.commit(answerOf(key, bytes), (entry) => {
        commits += 1;
        return echo.ledger.record(entry);
      });
    });
    const result = await say(echo, { text: key }, { key });
    expect(result).toMatchObject({ code: code.RESOURCE_EXHAUSTED, errorInfo: { reason: 'RESPONSE_TOO_LARGE' } });
    expect(result.errorInfo?.metadata.get('bytesMax')).toBe('4096');
    expect(commits).toBe(0);
    expect(await ledgerRow(stage, record)).toBeUndefined();
    await echo.idempotency.drained();
    expect(await stateInRedis(stage, echo, record)).toBeNull();
  },
);

test.each([
  ['the largest that Redis keeps', 1_024, 'here'],
  ['one byte more', 1_025, 'ledger'],
  ['the largest that can be sent', 4_096, 'ledger'],
])(
  'an answer of %s, %d bytes, is kept %s, and replayed with every byte (P2, P10, R1, S1)',
  async (_name, bytes, kept) => {
    const key = `large-${bytes}`;
    stage.whenSaying(key, (attempt) => attempt.commit(answerOf(key, bytes), (entry) => echo.ledger.record(entry)));
    const first = await say(echo, { text: key }, { key });
    expect(first.response).toHaveLength(bytes);
    await echo.idempotency.drained();
    const [name = ''] = await stage.redisClient.keys(redisName(echo, sayRecord(key, key)));
    expect(await stage.redisClient.hmget(name, 'state', 'kept')).toEqual(['COMPLETED', kept]);
    expect(await stage.redisClient.hstrlen(name, 'response')).toBe(kept === 'here' ? bytes : 0);
    const runsBefore = echo.runs();
    const second = await say(echo, { text: key }, { key });
    expect(second.response).toEqual(first.response);
    expect(toldBy(second).status).toBe('replayed');
    expect(echo.runs()).toBe(runsBefore);
  },
);

test('an empty answer is an answer', async () => {
  stage.insteadOfSaying('empty', (_call, callback) => callback(null, SayResponse.fromPartial({})));
  const first = await say(echo, { text: 'empty' }, { key: 'empty' });
  await echo.idempotency.drained();
  const second = await say(echo, { text: 'empty' }, { key: 'empty' });
  expect([first, second].map(({ response }) => response)).toEqual([Buffer.of(), Buffer.of()]);
  expect(toldBy(second).status).toBe('replayed');
});
