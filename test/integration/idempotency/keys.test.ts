import { status as code, logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SayRequest } from '../../generated/echo/v1/echo_service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { say, shout, toldBy } from './stage/calls.ts';
import { rawCall } from './stage/raw-call.ts';
import { openStage, type Stage } from './stage/stage.ts';

let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService({
    library: { principalOf: (_call, metadata) => String(metadata.get('test-principal')[0] ?? 'nobody') },
  });
});

afterAll(() => stage.close());

const sentTwice = new Metadata();
sentTwice.add('idempotency-key', 'k1');
sentTwice.add('idempotency-key', 'k2');
const sameTwice = new Metadata();
sameTwice.add('idempotency-key', 'k1');
sameTwice.add('idempotency-key', 'k1');

describe('a key that is no key is refused, and nothing runs (K2, P10)', () => {
  test.each([
    ['empty', { key: '' }, 'it is empty'],
    ['empty in quotes', { key: '""' }, 'it is empty'],
    ['of 256 characters', { key: 'k'.repeat(256) }, 'it has 256 characters'],
    ['with a comma', { key: 'k1,k2' }, 'it has a comma'],
    ['sent twice', { metadata: sentTwice }, 'it has a comma'],
    ['sent twice, twice the same', { metadata: sameTwice }, 'it has a comma'],
    ['with a blank inside', { key: 'k 1' }, 'it has a character other than visible ASCII, or a quote'],
    ['with one quote', { key: '"k1' }, 'it has a character other than visible ASCII, or a quote'],
    ['with a quote inside', { key: 'k"1' }, 'it has a character other than visible ASCII, or a quote'],
  ])('%s', async (_what, options, fault) => {
    const runsBefore = echo.runs();
    const result = await say(echo, { text: 'refused' }, options);
    expect(result).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'IDEMPOTENCY_KEY_INVALID' } });
    expect(result.errorInfo?.metadata).toEqual(
      new Map([
        ['header', 'idempotency-key'],
        ['fault', fault],
      ]),
    );
    expect(result.message).toContain(fault);
    expect(result.hadHeaders).toBe(false);
    expect(echo.runs()).toBe(runsBefore);
  });
});

describe('a key', () => {
  test.each([
    ['of one character', '!'],
    ['of 255 characters', 'k'.repeat(255)],
    [
      'with every character that is allowed',
      Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
        .filter((character) => !['"', ','].includes(character))
        .join(''),
    ],
  ])('%s is taken and sent back as it is', async (_what, key) => {
    expect(toldBy(await say(echo, { text: 'taken' }, { key }))).toEqual({ key, source: 'client', status: 'executed' });
  });

  test('in quotes, as the IETF draft writes it, is the key without quotes', async () => {
    const first = await say(echo, { text: 'quoted' }, { key: '"quoted"' });
    const second = await say(echo, { text: 'quoted' }, { key: 'quoted' });
    expect(toldBy(first)).toEqual({ key: 'quoted', source: 'client', status: 'executed' });
    expect(toldBy(second)).toEqual({ key: 'quoted', source: 'client', status: 'replayed' });
  });

  test('with a blank at its edge never arrives: the echo tells a caller that compares (K1)', async () => {
    const result = await say(echo, { text: 'blank' }, { key: 'blank ' });
    expect(toldBy(result)).toEqual({
      key: expect.stringMatching(/^sha256-[0-9a-f]{64}$/),
      source: 'derived',
      status: 'executed',
    });
  });

  // gRPC clients refuse to send these, others may; grpc-js drops them before anybody can look.
  test.each([
    ['beyond ASCII', 'clé'],
    ['with a tab inside', 'k\t1'],
  ])('%s never arrives either, and the echo tells (K1)', async (what, key) => {
    setLogVerbosity(logVerbosity.NONE);
    const message = SayRequest.encode(SayRequest.fromPartial({ text: what })).finish();
    const { metadata } = await rawCall(echo.port, { headers: { 'idempotency-key': key }, messages: [message] });
    setLogVerbosity(logVerbosity.ERROR);
    expect(metadata['idempotency-key-source']).toBe('derived');
  });

  test.each([
    ['is missing', undefined],
    ['has a blank at its edge', 'blank '],
  ])('that %s is refused where the policy asks for one (K1)', async (_what, key) => {
    const result = await shout(echo, 'hey', { key });
    expect(result).toMatchObject({ code: code.INVALID_ARGUMENT, errorInfo: { reason: 'IDEMPOTENCY_KEY_REQUIRED' } });
  });

  test('on two methods is two records (K14)', async () => {
    const results = [await say(echo, { text: 'both' }, { key: 'both' }), await shout(echo, 'both', { key: 'both' })];
    expect(results.map((result) => toldBy(result).status)).toEqual(['executed', 'executed']);
  });
});

describe('two principals are strangers (P9, K15)', () => {
  const as = (principal: string) => {
    const metadata = new Metadata();
    metadata.set('test-principal', principal);
    return metadata;
  };

  test.each([
    ['the same key and request', 'shared', 'hello', 'hello'],
    ['the same key, another request', 'shared-2', 'hello', 'goodbye'],
    ['no key, the same request', undefined, 'basket', 'basket'],
  ])('%s: each has a record of its own', async (_what, key, ann, bob) => {
    const results = [
      await say(echo, { text: ann }, { key, metadata: as('ann') }),
      await say(echo, { text: bob }, { key, metadata: as('bob') }),
    ];
    expect(results.map((result) => toldBy(result).status)).toEqual(['executed', 'executed']);
    expect(results[0]?.response).not.toEqual(results[1]?.response);
  });

  test('one cannot keep the other waiting', async () => {
    const gate = stage.holdSaying('slow');
    const ann = say(echo, { text: 'slow' }, { key: 'slow', metadata: as('ann') });
    await gate.reached;
    stage.whenSaying('slow', () => {});
    expect(toldBy(await say(echo, { text: 'slow' }, { key: 'slow', metadata: as('bob') })).status).toBe('executed');
    gate.open();
    expect(toldBy(await ann).status).toBe('executed');
  });
});
