import { constants } from 'node:http2';
import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest, SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { say, toldBy } from '../idempotency/stage/calls.ts';
import { openStage, type Stage } from '../idempotency/stage/stage.ts';
import { until } from '../idempotency/stage/until.ts';
import { largeRequest, sayLarge, startEchoProcess } from './echo-process.ts';
import { residentMebibytes, watchMemory } from './process-memory.ts';
import { framed, openRawConnection, type RawEnd, rawEnd } from './raw-connection.ts';
import { atOnce } from './refusal.ts';

const MEBIBYTE = 1_048_576;
const WAITERS = 500;
/** The default of GRPC_MAX_SENDING_BYTES, and as much again for what Node keeps beside the answers. */
const SENDING_MEBIBYTES = 2 * 64;
const { path, requestSerialize } = EchoServiceService.say;

/** Two gigabytes are sent: some ten seconds where nothing else runs. */
const MACHINE_IS_BUSY_MS = 120_000;
/** Whoever is never reset is not waited for. */
const HANGS_AFTER_MS = 30_000;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.close());

const stores = () => ({ databaseUrl: stage.databaseUrl, redisUrl: stage.redis.url });

test(
  'P10 an answer of 4 MiB is replayed to 500 waiters without 500 copies of it in memory',
  async () => {
    await using echo = await startEchoProcess(stores(), {
      IDEMPOTENCY_MAX_WAITERS_PER_KEY: String(WAITERS),
      GRPC_CALL_LIMIT_MS: '120000',
    });
    // Each takes 16 MiB without reading them: what is kept back is kept back by the server.
    using first = await openRawConnection(echo.port, 16 * MEBIBYTE);
    using second = await openRawConnection(echo.port, 16 * MEBIBYTE);
    const request = requestSerialize(largeRequest(4 * MEBIBYTE - 64));
    const size = SayResponse.encode({ text: 'large', run: 0, payload: Buffer.alloc(4 * MEBIBYTE - 64) }).finish()
      .length;
    const calls = Array.from({ length: WAITERS }, (_, index) =>
      (index % 2 === 0 ? first : second).call(path, request, { 'idempotency-key': 'large' }),
    );
    await echo.running;
    const before = residentMebibytes(echo.processId);
    using memory = watchMemory(echo.processId);
    echo.open();
    for (const end of await Promise.all(calls)) {
      // gRPC puts five bytes in front.
      expect(end).toMatchObject({ code: code.OK, bytes: size + 5 });
    }
    expect(memory.peakMebibytes - before).toBeLessThan(SENDING_MEBIBYTES + 64);
  },
  MACHINE_IS_BUSY_MS,
);

test(
  'P10 a client that reads nothing is reset in bounded time, costs bounded memory, and is alone with it',
  async () => {
    await using echo = await startEchoProcess(stores(), {
      IDEMPOTENCY_MAX_WAITERS_PER_KEY: '1000',
      GRPC_SEND_LIMIT_MS: '1000',
      GRPC_CALL_LIMIT_MS: '3000',
    });
    echo.open();
    const key = 'unread';
    expect((await sayLarge(echo.client, MEBIBYTE, { key })).code).toBe(code.OK);
    const before = residentMebibytes(echo.processId);
    using memory = watchMemory(echo.processId);
    using deaf = await openRawConnection(echo.port, 0);
    const request = requestSerialize(largeRequest(MEBIBYTE));
    const ends = Promise.all(Array.from({ length: 200 }, () => deaf.call(path, request, { 'idempotency-key': key })));
    // Those on other connections have large answers and small ones as before.
    expect((await atOnce(() => sayLarge(echo.client, MEBIBYTE, { key }))).code).toBe(code.OK);
    expect((await atOnce(() => say(echo, { text: 'small' }, { key: 'small' }))).code).toBe(code.OK);
    const counts = { reset: 0, late: 0, other: 0 };
    for (const { resetCode, code: status } of await ends) {
      if (resetCode === constants.NGHTTP2_ENHANCE_YOUR_CALM) counts.reset += 1;
      else if (status === code.DEADLINE_EXCEEDED) counts.late += 1;
      else counts.other += 1;
    }
    // A part was sent and reset; the others came to the limit of every call while they waited for their turn.
    expect(counts.other).toBe(0);
    // Again and again, as many as a sixteenth of the budget holds.
    expect(counts.reset).toBeGreaterThanOrEqual(4);
    expect(counts.reset).toBeLessThanOrEqual(16);
    expect(memory.peakMebibytes - before).toBeLessThan(SENDING_MEBIBYTES);
    expect((await sayLarge(echo.client, MEBIBYTE, { key })).code).toBe(code.OK);
  },
  HANGS_AFTER_MS,
);

test(
  'P10 many large answers that are not read cost bounded memory: those for which there is no room are told so, and kept',
  async () => {
    const sendingMebibytes = 8;
    const answerBytes = 2 * MEBIBYTE - 1_024;
    await using echo = await startEchoProcess(stores(), {
      GRPC_MAX_SENDING_BYTES: String(sendingMebibytes * MEBIBYTE),
      // All of them are read from the ledger at once.
      DATABASE_CONNECT_TIMEOUT_MS: '30000',
    });
    echo.open();
    const keys = Array.from({ length: 40 }, (_, index) => `unread-${index}`);
    for (const key of keys) await sayLarge(echo.client, answerBytes, { key });
    const before = await echo.heldMebibytes();
    using deaf = await openRawConnection(echo.port, 0);
    const request = requestSerialize(largeRequest(answerBytes));
    const refused = new Map<string, RawEnd>();
    for (const key of keys) {
      void deaf.call(path, request, { 'idempotency-key': key }).then((end) => refused.set(key, end));
    }
    // One is on its way to a client that does not read, and as many wait as may.
    await until('all others are told', () => refused.size === keys.length - 1 - sendingMebibytes / 2);
    for (const { code: status, headers, errorInfo } of refused.values()) {
      expect([status, headers['grpc-retry-pushback-ms']]).toEqual([code.RESOURCE_EXHAUSTED, '1000']);
      expect(errorInfo).toMatchObject({ domain: 'orders.v1', reason: 'TOO_MANY_ANSWERS' });
      expect(headers['idempotency-key']).toMatch(/^unread-/);
    }
    // Twice what is on its way, for gRPC's copy of it, and what waits. All of them are 80.
    expect((await echo.heldMebibytes()) - before).toBeLessThan(2 * 2 + sendingMebibytes + 4);
    const [key = ''] = refused.keys();
    const again = await sayLarge(echo.client, answerBytes, { key });
    expect([again.code, toldBy(again).status]).toEqual([code.OK, 'replayed']);
  },
  MACHINE_IS_BUSY_MS,
);

test.each([
  ['has not ended', '60000', {}],
  ['has come to the limit of calls', '2500', {}],
  ['has come to its deadline and to the limit of calls', '2500', { 'grpc-timeout': '2000m' }],
])(
  'P10 a call whose small answer is not read is reset, also if it %s, and counts as open no longer',
  async (_how, callLimitMs, headers) => {
    // The answer is there long before the deadline, also where much else runs; the reset comes behind both.
    const settings = { GRPC_SEND_LIMIT_MS: '3000', GRPC_CALL_LIMIT_MS: callLimitMs };
    const echo = await stage.startService({ settings });
    using deaf = await openRawConnection(echo.port, 0);
    const request = requestSerialize({ ...SayRequest.fromPartial({}), text: 'unheard' });
    const ends = await Promise.all(Array.from({ length: 20 }, () => deaf.call(path, request, headers)));
    expect(new Set(ends.map(({ resetCode }) => resetCode))).toEqual(new Set([constants.NGHTTP2_ENHANCE_YOUR_CALM]));
    await until('no call is open', () => echo.callsInFlight() === 0);
  },
  HANGS_AFTER_MS,
);

test(
  'P10 a call whose request never ends is told of the limit of calls, and then reset',
  async () => {
    const echo = await stage.startService({ settings: { GRPC_SEND_LIMIT_MS: '300', GRPC_CALL_LIMIT_MS: '200' } });
    using connection = await openRawConnection(echo.port);
    const { code: told, resetCode } = await rawEnd(connection.open(path));
    expect({ told, resetCode }).toEqual({
      told: code.DEADLINE_EXCEEDED,
      resetCode: constants.NGHTTP2_ENHANCE_YOUR_CALM,
    });
  },
  HANGS_AFTER_MS,
);

test('P10 large answers of callers that have left do not stand in the way of others', async () => {
  const echo = await stage.startService({ settings: { GRPC_MAX_SENDING_BYTES: '65536' } });
  const payload = Buffer.alloc(60_000, 'x');
  const gate = stage.holdSaying('left');
  using leaving = await openRawConnection(echo.port);
  const request = requestSerialize({ ...SayRequest.fromPartial({}), text: 'left', payload });
  const stream = leaving.open(path, { 'idempotency-key': 'left' });
  const end = rawEnd(stream);
  stream.end(framed(request));
  await gate.reached;
  stream.close(constants.NGHTTP2_CANCEL);
  await end;
  await until('the server has heard of it', () => echo.callsInFlight() === 0);
  gate.open();
  for (const key of ['left', 'stayed', 'stayed-too']) {
    expect((await say(echo, { text: key, payload }, { key })).code).toBe(code.OK);
  }
});
