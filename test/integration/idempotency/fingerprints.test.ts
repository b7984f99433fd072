import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { unaryCall } from '../../support/unary-call.ts';
import { say, toldBy } from './stage/calls.ts';
import { openStage, type Stage } from './stage/stage.ts';

// Over the wire, without a key: two requests are one exactly if they are the same message.

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

const sendBytes = (bytes: Uint8Array) =>
  unaryCall(echo.client, EchoServiceService.say, { rawBytes: Buffer.from(bytes) });

function text(number: number, value: string): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).string(value).finish();
}

function label(number: number, key: string, value: string): Uint8Array {
  return new BinaryWriter()
    .tag(number, WireType.LengthDelimited)
    .bytes(Buffer.concat([text(1, key), text(2, value)]))
    .finish();
}

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const concat = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

describe('two encodings of one message are one request (K5, K10)', () => {
  test.each([
    ['fields in another order', concat(text(1, 'order'), text(12, 'nick')), concat(text(12, 'nick'), text(1, 'order'))],
    [
      'a list that is not packed',
      concat(text(1, 'packed'), hex('2202 0102')),
      concat(text(1, 'packed'), hex('2001 2002')),
    ],
    ['defaults written out', text(1, 'default'), concat(text(1, 'default'), hex('39 0000000000000000 5200'))],
    [
      'map entries in another order',
      concat(text(1, 'map'), label(2, 'a', '1'), label(2, 'b', '2')),
      concat(text(1, 'map'), label(2, 'b', '2'), label(2, 'a', '1')),
    ],
    [
      'a varint in more bytes than needed',
      concat(text(1, 'varint'), hex('2201 01')),
      concat(text(1, 'varint'), hex('2202 8100')),
    ],
    ['a text sent twice, of which the last counts', text(1, 'last'), concat(text(1, 'first'), text(1, 'last'))],
  ])('%s', async (_what, one, other) => {
    const first = await sendBytes(one);
    const second = await sendBytes(other);
    expect(toldBy(first)).toMatchObject({ source: 'derived', status: 'executed' });
    expect(toldBy(second)).toEqual({ ...toldBy(first), status: 'replayed' });
    expect(second.response).toEqual(first.response);
  });
});

describe('what makes a difference makes two requests', () => {
  const at = (nanos: number) => ({ seconds: 1n, nanos });
  test.each([
    ['a field that the server does not know', text(1, 'unknown'), concat(text(1, 'unknown'), text(99, 'new'))],
    ['its value', concat(text(1, 'unknown-2'), text(99, 'a')), concat(text(1, 'unknown-2'), text(99, 'b'))],
    ['a map entry called __proto__ (K7)', text(1, 'proto'), concat(text(1, 'proto'), label(2, '__proto__', 'x'))],
    ['the order of a list', concat(text(1, 'list'), hex('2202 0102')), concat(text(1, 'list'), hex('2202 0201'))],
    ['set to its default or not set', text(1, 'presence'), concat(text(1, 'presence'), text(12, ''))],
    [
      'one nanosecond (K6)',
      SayRequest.encode(SayRequest.fromPartial({ text: 'time', eventTime: at(1) })).finish(),
      SayRequest.encode(SayRequest.fromPartial({ text: 'time', eventTime: at(2) })).finish(),
    ],
  ])('%s', async (_what, one, other) => {
    const told = [toldBy(await sendBytes(one)), toldBy(await sendBytes(other))];
    expect(told.map(({ status }) => status)).toEqual(['executed', 'executed']);
    expect(told[0]?.key).not.toBe(told[1]?.key);
  });
});

test('fields that the policy leaves out do not tell two requests apart, and the others do (K12)', async () => {
  const request = (seconds: bigint, trace: string, name = 'part') => ({
    text: 'excluded',
    requestTime: { seconds, nanos: 0 },
    parts: [{ name, trace }],
  });
  const first = await say(echo, request(1n, 'a'));
  expect(toldBy(await say(echo, request(2n, 'b')))).toEqual({ ...toldBy(first), status: 'replayed' });
  expect(toldBy(await say(echo, { ...request(1n, 'a'), requestTime: undefined })).status).toBe('replayed');
  expect(toldBy(await say(echo, request(1n, 'a', 'other part'))).status).toBe('executed');
});
