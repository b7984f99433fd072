import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { ledgerRow, redisName, sayRecord, stateInRedis } from '../../integration/idempotency/stage/records.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { type EchoService, HandlerFailure } from '../../support/echo-service.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { type CallResult, createClient } from '../../support/unary-call.ts';

let stage: Stage;
let echo: EchoService;
/** Has no Redis: whatever it knows is in the ledger. */
let bare: EchoService;

beforeAll(async () => {
  stage = await openStage();
  [echo, bare] = await Promise.all([stage.startService(), stage.startService({ withRedis: false })]);
}, 60_000);

afterAll(() => stage.close(), 60_000);

const megabyte = 1_024 * 1_024;
const wideClient = (options: Record<string, number> = {}) =>
  createClient(echo.port, { 'grpc.max_receive_message_length': -1, ...options });

/** Lets Say commit an answer of so many bytes. */
function answerWith(text: string, bytes: number): void {
  const response = SayResponse.fromPartial({ text, payload: Buffer.alloc(bytes, Buffer.from([0, 0xff, 0xfe, 0x0a])) });
  stage.whenSaying(text, (attempt) => attempt.commit(response, (entry) => echo.ledger.record(entry)));
}

async function expectFree(text: string): Promise<void> {
  await echo.idempotency.drained();
  expect(await ledgerRow(stage, sayRecord(text, text))).toBeUndefined();
  expect(await stateInRedis(stage, echo, sayRecord(text, text))).toBeNull();
}

// R1: granit-fx/granit-dotnet#1151, pathosDev/actor-ts#1308. An answer that the store could not take was lost after its effect.
test.each([
  ['above what Redis keeps', 300 * 1_024],
  ['just below what can be sent', 4 * megabyte - 64],
])('R1 an answer that cannot be cached is told again from the ledger: %s', async (what, bytes) => {
  const text = what.replaceAll(' ', '-');
  answerWith(text, bytes);
  const client = wideClient();
  const first = await say({ client }, { text }, { key: text });
  expect([status[first.code], first.response?.length]).toEqual(['OK', expect.any(Number)]);
  expect(first.response?.length).toBeGreaterThan(bytes);
  await echo.idempotency.drained();
  const kept = await stage.redisClient.hmget(redisName(echo, sayRecord(text, text)), 'kept', 'response');
  expect(kept).toEqual(['ledger', '']);
  const again = await say({ client }, { text }, { key: text });
  client.close();
  expect([toldBy(again).status, again.response?.equals(first.response ?? Buffer.of())]).toEqual(['replayed', true]);
});

const unsendable: Readonly<Record<string, { readonly response: SayResponse; readonly reason: string }>> = {
  'above what can be sent': {
    response: SayResponse.fromPartial({ payload: Buffer.alloc(4 * megabyte) }),
    reason: 'RESPONSE_TOO_LARGE',
  },
  'far above it': {
    response: SayResponse.fromPartial({ payload: Buffer.alloc(40 * megabyte) }),
    reason: 'RESPONSE_TOO_LARGE',
  },
  'without an encoding': {
    response: Object.assign(SayResponse.fromPartial({}), { run: -1 }),
    reason: 'RESPONSE_NOT_ENCODABLE',
  },
};
test.each(Object.entries(unsendable))(
  'R1 an answer that cannot be sent is refused before anything is done: %s',
  async (what, { response, reason }) => {
    const text = what.replaceAll(' ', '-');
    let commits = 0;
    stage.whenSaying(text, (attempt) =>
      attempt.commit(response, (entry) => {
        commits += 1;
        return echo.ledger.record(entry);
      }),
    );
    const result = await say(echo, { text }, { key: text });
    expect([result.errorInfo?.reason, commits]).toEqual([reason, 0]);
    await expectFree(text);
    stage.whenSaying(text, () => {});
    expect(toldBy(await say(echo, { text }, { key: text })).status).toBe('executed');
  },
);

// R2: C-Address-Onboarding-Bridge-Backend#380. An outage of a minute was repeated to callers for a day.
const kept = new Set([
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
]);
const codes = Array.from({ length: 16 }, (_, index) => status[index + 1] ?? '');

test.each([
  ['with Redis', () => echo],
  ['without', () => bare],
] as const)(
  'R2 only final failures are kept: each of 16 codes once, %s, and then a handler that is well',
  async (where, service) => {
    const retried = await Promise.all(
      codes.map(async (name, index) => {
        const text = `${name}-${where.replace(' ', '-')}`;
        stage.whenSaying(text, () => {
          throw handlerFailure(index + 1);
        });
        const failed = await say(service(), { text }, { key: text });
        expect(status[failed.code]).toBe(name);
        await service().idempotency.drained();
        stage.whenSaying(text, () => {});
        return status[(await say(service(), { text }, { key: text })).code];
      }),
    );
    expect(retried).toEqual(codes.map((name) => (kept.has(name) ? name : 'OK')));
  },
);

test.each([17, 99, -1, 0, 2.5, Number.NaN])(
  'R2 only final failures are kept: a code that is none (%d) is told as UNKNOWN, and spends nothing',
  async (code) => {
    const text = `code-${code}`;
    stage.whenSaying(text, () => {
      throw handlerFailure(code);
    });
    const failed = await say(echo, { text }, { key: text });
    expect([status[failed.code], failed.response]).toEqual(['UNKNOWN', undefined]);
    await expectFree(text);
  },
);

// R4: ietf-wg-httpapi/idempotency#41. The effect was there, the answer failed on its way, and the retry was a second effect.
const rendering = () => {
  throw new TypeError('the template is broken');
};
const refusing = () => {
  throw handlerFailure(status.INVALID_ARGUMENT);
};
const troubles = [
  { what: 'the handler throws while it renders', behind: rendering, options: {}, told: 'OK' },
  { what: 'the handler ends with a failure', behind: refusing, options: {}, told: 'OK' },
  {
    what: 'the caller takes no answer of this size',
    behind: () => {},
    options: { 'grpc.max_receive_message_length': 1_000 },
    told: 'RESOURCE_EXHAUSTED',
  },
];

test.each(troubles)(
  'R4 an error behind the effect takes nothing back: $what, and a retry gets the answer',
  async ({ what, behind, options, told }) => {
    const text = what.replaceAll(' ', '-');
    const response = SayResponse.fromPartial({ text, payload: Buffer.alloc(2_000, 7) });
    let effects = 0;
    stage.whenSaying(text, async (attempt) => {
      await attempt.commit(response, (entry) => {
        effects += 1;
        return echo.ledger.record(entry);
      });
      behind();
    });
    const client = createClient(echo.port, options);
    const first = await say({ client }, { text }, { key: text });
    client.close();
    expect(status[first.code]).toBe(told);
    const again = await say(echo, { text }, { key: text });
    const bytes = Buffer.from(SayResponse.encode(response).finish());
    expect([toldBy(again).status, again.response, effects]).toEqual(['replayed', bytes, 1]);
  },
);

test('R4 an error behind the effect takes nothing back: the connection breaks under the answer, and a retry gets it', async () => {
  let effects = 0;
  const response = SayResponse.fromPartial({ text: 'cut-under-it' });
  stage.whenSaying('broken', (attempt) =>
    attempt.commit(response, (entry) => {
      effects += 1;
      return echo.ledger.record(entry);
    }),
  );
  const proxy = await startTcpProxy(echo.port);
  const client = createClient(proxy.port);
  const wasCut = proxy.cutAfter({ from: 'server', bytes: 'cut-under-it' });
  const first = await say({ client }, { text: 'broken' }, { key: 'broken' });
  await wasCut;
  client.close();
  await proxy.stop();
  expect(status[first.code]).toBe('UNAVAILABLE');
  const again = await say(echo, { text: 'broken' }, { key: 'broken' });
  const bytes = Buffer.from(SayResponse.encode(response).finish());
  expect([toldBy(again).status, again.response, effects]).toEqual(['replayed', bytes, 1]);
});

// R5: VSN2015/concerns_on_rails#47, fossasia/eventyay#1605. A replay lacked what had stood around the first answer.
test('R5 what belongs to the outcome is replayed, what belongs to the call is not: a failure with details', async () => {
  const trailers = new Metadata();
  trailers.set('grpc-status-details-bin', Buffer.from([0, 0xff, 0xfe, 0x0a]));
  trailers.set('x-handler', 'of this call');
  trailers.set('x-handler-bin', Buffer.from([1, 2, 3]));
  let runs = 0;
  stage.whenSaying('declared', () => {
    runs += 1;
    throw new HandlerFailure(status.NOT_FOUND, 'none such, für niemanden', trailers);
  });
  const results: CallResult[] = [];
  for (const service of [echo, echo, bare]) {
    results.push(await say(service, { text: 'declared' }, { key: 'declared' }));
    await service.idempotency.drained();
  }
  expect(runs).toBe(1);
  const declared = results.map(({ code, message, metadata }) => [
    code,
    message,
    metadata.get('grpc-status-details-bin'),
  ]);
  expect(declared).toEqual(
    declared.map(() => [status.NOT_FOUND, 'none such, für niemanden', [Buffer.from([0, 0xff, 0xfe, 0x0a])]]),
  );
  // Whatever else a handler sends with a final failure goes to nobody, so that all are told the same.
  for (const { metadata } of results)
    expect([...metadata.get('x-handler'), ...metadata.get('x-handler-bin')]).toEqual([]);
  expect(results.map((result) => toldBy(result))).toEqual(
    ['executed', 'replayed', 'replayed'].map((told) => ({ key: 'declared', source: 'client', status: told })),
  );
});

test('R5 what belongs to the outcome is replayed, what belongs to the call is not: an answer with headers and trailers', async () => {
  stage.insteadOfSaying('around', (call, callback) => {
    const headers = new Metadata();
    headers.set('x-handler', 'of this call');
    // What the service says of a key cannot be said by a handler.
    headers.set('idempotency-status', 'replayed');
    headers.set('idempotency-key', 'somebody-else');
    call.sendMetadata(headers);
    const trailers = new Metadata();
    trailers.set('x-trailer-bin', Buffer.from([0, 0xff]));
    trailers.set('idempotency-status', 'replayed');
    callback(null, SayResponse.fromPartial({ text: 'answer' }), trailers);
  });
  const first = await say(echo, { text: 'around' }, { key: 'around' });
  await echo.idempotency.drained();
  const again = await say(echo, { text: 'around' }, { key: 'around' });
  expect(again.response).toEqual(first.response);
  expect([first, again].map(({ metadata }) => metadata.get('x-handler'))).toEqual([['of this call'], []]);
  expect([first, again].map(({ metadata }) => metadata.get('x-trailer-bin').length)).toEqual([1, 0]);
  expect([first, again].map((result) => toldBy(result))).toEqual(
    ['executed', 'replayed'].map((told) => ({ key: 'around', source: 'client', status: told })),
  );
});
