import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Status } from '../../../src/generated/google/rpc/status.ts';
import { inWords, orderOf, place } from '../../integration/faults/named-orders.ts';
import { say } from '../../integration/idempotency/stage/calls.ts';
import { handlerFailure } from '../../integration/idempotency/stage/failures.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import type { EchoService } from '../../support/echo-service.ts';
import {
  createOrder,
  getOrder,
  listOrders,
  listRequest,
  orderItem,
  orderRequest,
} from '../../support/order-requests.ts';
import { startTestService, type TestService } from '../../support/order-service.ts';
import { createGate, type Gate } from '../../support/pause-gate.ts';
import type { CallResult } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';

let stage: Stage;
let echo: EchoService;
let service: TestService;
const gate: Gate = createGate('before_commit');

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
  service = await startTestService({
    databaseUrl: stage.databaseUrl,
    redisUrl: stage.redis.url,
    settings: { GRPC_MAX_REQUEST_BYTES: String(1_024 * 1_024) },
    pause: gate.pause,
  });
}, 60_000);

afterAll(async () => {
  gate.open();
  await service.stop();
  await stage.close();
}, 60_000);

/** What the strictest of the usual clients take of headers or trailers, counted as HTTP/2 counts: 32 bytes more for each. */
const TRAILERS_BYTES_MAX = 8_192;
const DETAILS_BYTES_MAX = 4_096;

/** The trailers of a result as they were on the wire: percent-encoded text, base64 without padding. */
function wireBytes({ code, message, metadata }: CallResult): number {
  const own = [['grpc-status', String(code)] as const, ['grpc-message', encodeURI(message)] as const];
  const others = Object.entries(metadata.toHttp2Headers()).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [String(values)]).map((value) => [name, value] as const),
  );
  return [...own, ...others].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
}

function detailsBytes({ metadata }: CallResult): number {
  const [details = Buffer.of()] = metadata.get('grpc-status-details-bin');
  return details.length;
}

const badItem = () => orderItem({ sku: `${'ü'.repeat(200)}\n`, quantity: 0 });
const longKey = 'k'.repeat(255);

/** Calls that have much to be told. */
const fatFailures: Readonly<Record<string, () => Promise<CallResult>>> = {
  'as many bad items as there may be': () =>
    createOrder(service.client, orderRequest({ items: Array.from({ length: 100 }, badItem) }), { key: longKey }),
  'a thousand bad items': () =>
    createOrder(service.client, orderRequest({ items: Array.from({ length: 1_000 }, badItem) }), { key: longKey }),
  'two thousand bad labels': () =>
    createOrder(
      service.client,
      orderRequest({
        labels: new Map(Array.from({ length: 2_000 }, (_, index) => [`ä ${index} `.repeat(10), '\u0001'])),
      }),
      { key: longKey },
    ),
  'one label with a name of 200 kB': () =>
    createOrder(service.client, orderRequest({ labels: new Map([['😀'.repeat(50_000), 'x']]) }), { key: longKey }),
  'an id of 200 kB': () => getOrder(service.client, '😀'.repeat(50_000)),
  'a page token of 200 kB': () =>
    listOrders(service.client, listRequest({ pageToken: '😀'.repeat(50_000), customerId: '\n'.repeat(5_000) })),
  'a thousand wrong states': () =>
    listOrders(service.client, { ...listRequest(), states: Array.from({ length: 1_000 }, () => 0) }),
  'a key with a comma': () => place(service.client, 'x', { key: `${'k,'.repeat(2_000)}` }),
};

// G1: eng-floe/floecat#332, envoyproxy/envoy#9785, grpc/grpc-go#443. Trailers above a client's limit ended the session, and all other calls
// on it.
test.each(Object.entries(fatFailures))(
  'G1 a fat error does no harm to its neighbours: %s, while another call runs on the same connection',
  async (what, call) => {
    const name = `neighbour-${what.replaceAll(' ', '-')}`;
    const neighbour = await gate.hold(() => place(service.client, name));
    const failed = await call();
    expect(status[failed.code]).toBe('INVALID_ARGUMENT');
    expect(failed.hadHeaders).toBe(false);
    expect(detailsBytes(failed)).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
    expect(wireBytes(failed)).toBeLessThanOrEqual(TRAILERS_BYTES_MAX);
    if (what.startsWith('as many')) {
      const [more] = failed.badRequest?.fieldViolations.slice(-1) ?? [];
      expect(more).toMatchObject({ field: '*', description: expect.stringMatching(/^There are \d+ more violations/) });
    }
    gate.open();
    expect(inWords(await neighbour.result)).toBe('OK executed');
  },
);

/** google.rpc.Status in about so many bytes. */
const detailsOf = (bytes: number) =>
  Buffer.from(Status.encode({ code: 5, message: 'x'.repeat(bytes - 20), details: [] }).finish());

const fatHandlers: Readonly<Record<string, () => Error>> = {
  'details of 60 kB': () => handlerFailure(status.NOT_FOUND, 'short', detailsOf(60_000)),
  'a text of 60 kB': () => handlerFailure(status.NOT_FOUND, 'x'.repeat(60_000)),
  'a text of 1,000 emojis and details of 4 kB': () =>
    handlerFailure(status.NOT_FOUND, '😀'.repeat(1_000), detailsOf(4_096)),
  'a passing failure with a text of 1,000 emojis and details of 4 kB': () =>
    handlerFailure(status.ABORTED, '😀'.repeat(1_000), detailsOf(4_096)),
  'other trailers of 30 kB': () => {
    const failure = handlerFailure(status.ABORTED);
    failure.metadata.set('x-debug', 'x'.repeat(30_000));
    return failure;
  },
  'details twice': () => {
    const failure = handlerFailure(status.ABORTED, 'short', detailsOf(4_000));
    failure.metadata.add('grpc-status-details-bin', detailsOf(30_000));
    return failure;
  },
};

test.each(Object.entries(fatHandlers))(
  'G1 a fat error does no harm to its neighbours: a handler fails with %s, while another call runs on the same connection',
  async (text, fail) => {
    const neighbour = stage.holdSaying(`beside ${text}`);
    const running = say(echo, { text: `beside ${text}` });
    await neighbour.reached;
    stage.whenSaying(text, () => {
      throw fail();
    });
    const failed = await say(echo, { text });
    expect(['NOT_FOUND', 'ABORTED']).toContain(status[failed.code]);
    expect(detailsBytes(failed)).toBeLessThanOrEqual(DETAILS_BYTES_MAX);
    expect(wireBytes(failed)).toBeLessThanOrEqual(TRAILERS_BYTES_MAX);
    neighbour.open();
    expect((await running).code).toBe(status.OK);
  },
);

// G7: grpc/grpc-go#576, connectrpc/connect-es#1404. A text that the wire cannot carry came out as another code.
const texts: Readonly<Record<string, readonly [given: string, received: unknown]>> = {
  'an emoji cut in half': ['cut \ud83d', 'cut \ufffd'],
  'the other half': ['\ude00 cut', '\ufffd cut'],
  'halves in the wrong order': ['\ude00\ud83d', '\ufffd\ufffd'],
  'more emojis than fit': ['😀'.repeat(2_000), expect.stringMatching(/^(?:😀)+…$/u)],
  'more emojis than fit, behind one letter': [`x${'😀'.repeat(2_000)}`, expect.stringMatching(/^x(?:😀)+…$/u)],
  'more emojis than fit, behind two': [`xy${'😀'.repeat(2_000)}`, expect.stringMatching(/^xy(?:😀)+…$/u)],
  'line breaks': ['a\r\nb\nc', 'a\r\nb\nc'],
  'blanks at both ends': [' a ', ' a '],
  'nothing but blanks': ['   ', '   '],
  'no text': ['', ''],
  'a NUL': ['a\0b', 'a\ufffdb'],
  'percent signs': ['100% %41 %zz', '100% %41 %zz'],
  'control characters': ['\u0001\u001b[31m\u007f', '\u0001\u001b[31m\u007f'],
  'all kinds of letters': ['für Ελένη 日本 \u202e\u2028', 'für Ελένη 日本 \u202e\u2028'],
};

test.each(
  Object.entries(texts).flatMap(([what, [given, received]]) =>
    (['FAILED_PRECONDITION', 'ABORTED'] as const).map((code) => ({ what, given, received, code })),
  ),
)('G7 a text never changes the code: $what, in a failure with $code', async ({ what, given, received, code }) => {
  const text = `${what} ${code}`;
  stage.whenSaying(text, () => {
    throw handlerFailure(status[code], given);
  });
  for (const _time of ['first', 'second']) {
    const result = await say(echo, { text });
    await echo.idempotency.drained();
    expect([status[result.code], result.message]).toEqual([code, received]);
  }
});

test.each(['\n', ' x ', '%', '%zz', '\u2028', '😀'.repeat(600), `${'x'.repeat(511)}😀`, '\u0001', ''])(
  'G7 a text never changes the code: a caller sends %j, and it is refused in words',
  async (sent) => {
    const { client } = service;
    const results = [
      await getOrder(client, sent),
      await listOrders(client, listRequest({ pageToken: `${sent}!` })),
      await createOrder(client, { ...orderOf('texts'), customerId: `${sent}\u0007` }, { key: 'texts' }),
    ];
    expect(results.map(({ code }) => status[code])).toEqual(Array(3).fill('INVALID_ARGUMENT'));
    const watched = watchOrder(client, sent);
    expect(status[(await watched.ended).code]).toBe('INVALID_ARGUMENT');
  },
);
