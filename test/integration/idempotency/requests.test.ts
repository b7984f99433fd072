import { status as code } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest, SayResponse } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { listenTo, say, toldBy } from './stage/calls.ts';
import { rawCall } from './stage/raw-call.ts';
import { openStage, type Stage } from './stage/stage.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

async function recordsOf(key: string): Promise<number> {
  return (await stage.sql('select id from idempotency_keys where key = $1', [key])).length;
}

const messageOf = (text: string) => SayRequest.encode(SayRequest.fromPartial({ text })).finish();

test('a call without a message gets one status, and spends nothing (G9)', async () => {
  const runsBefore = echo.runs();
  const result = await rawCall(echo.port, { headers: { 'idempotency-key': 'none' }, messages: [] });
  expect(result.code).toBe(code.INVALID_ARGUMENT);
  expect(echo.runs()).toBe(runsBefore);
  expect((await say(echo, { text: 'any' }, { key: 'none' })).code).toBe(code.OK);
});

test('a call with two messages gets one status, and neither of them runs (G9)', async () => {
  const runsBefore = echo.runs();
  const headers = { 'idempotency-key': 'two' };
  const result = await rawCall(echo.port, { headers, messages: [messageOf('one'), messageOf('two')] });
  expect(result.code).toBe(code.UNIMPLEMENTED);
  expect(echo.runs()).toBe(runsBefore);
  expect(await recordsOf('two')).toBe(0);
  expect((await say(echo, { text: 'three' }, { key: 'two' })).code).toBe(code.OK);
});

const malformed = [
  ['a text that is cut off', '0a05 61'],
  ['a zero tag, with more behind it', '0a0161 00 0a0162'],
  ['a stray end-group', '0a0161 0c'],
  ['broken UTF-8', '0a02 ff41'],
  ['a group that never ends', '0b'],
  ['a varint without an end', '08 ffffffffffffffffffffff'],
] as const;

describe.each(malformed)('bytes that are no message: %s', (fault, bytes) => {
  test('on a mutation: INVALID_ARGUMENT, and nothing is spent (P8, K8, K9)', async () => {
    const key = fault.replaceAll(/[ ,]+/g, '-');
    const runsBefore = echo.runs();
    const result = await unaryCall(echo.client, EchoServiceService.say, rawRequest(bytes), { key });
    expect(result).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'REQUEST_MALFORMED' } });
    expect(result.errorInfo?.metadata.get('method')).toBe('/echo.v1.EchoService/Say');
    expect(result.hadHeaders).toBe(false);
    expect(echo.runs()).toBe(runsBefore);
    const corrected = await say(echo, { text: 'corrected' }, { key });
    expect(toldBy(corrected).status).toBe('executed');
  });

  test('on a read: INVALID_ARGUMENT', async () => {
    const result = await unaryCall(echo.client, EchoServiceService.listen, rawRequest(bytes));
    expect(result).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'REQUEST_MALFORMED' } });
  });
});

test('an empty message is a request like any other', async () => {
  const first = await unaryCall(echo.client, EchoServiceService.say, rawRequest(''));
  const second = await say(echo, {});
  expect(first.code).toBe(code.OK);
  expect(second.response).toEqual(first.response);
  expect(toldBy(second)).toEqual({ ...toldBy(first), status: 'replayed' });
});

test('what the handler does to its request changes neither key nor fingerprint (K3)', async () => {
  stage.whenSaying('mutated', (_attempt, request) => {
    request.text = 'something else';
    request.labels.clear();
    request.parts.length = 0;
  });
  const request = { text: 'mutated', labels: new Map([['a', 'b']]), parts: [{ name: 'part', trace: '' }] };
  const first = await say(echo, request);
  const second = await say(echo, { ...request, labels: new Map([['a', 'b']]), parts: [{ name: 'part', trace: '' }] });
  expect(SayResponse.decode(first.response ?? Buffer.of()).text).toBe('something else');
  expect(second.response).toEqual(first.response);
  expect(toldBy(second)).toEqual({ ...toldBy(first), status: 'replayed' });
});

test('reads pass untouched: they run each time, and neither key nor status is spoken of', async () => {
  const eventsBefore = echo.events.length;
  await stage.redisClient.flushall();
  for (const text of ['one', 'two', 'one']) {
    const result = await listenTo(echo, text, { key: 'read' });
    expect(result).toMatchObject({ code: code.OK, response: Buffer.concat([Buffer.of(0x0a, 3), Buffer.from(text)]) });
    expect(toldBy(result)).toEqual({ key: undefined, source: undefined, status: undefined });
  }
  expect(await recordsOf('read')).toBe(0);
  // The store's probe of whether Redis can be written is not about any call.
  const names = await stage.redisClient.keys('*');
  expect(names.filter((name) => !name.endsWith(':probe'))).toEqual([]);
  expect(echo.events).toHaveLength(eventsBefore);
});
