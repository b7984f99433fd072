import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EchoServiceService, type SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { say, toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import { readReadme } from '../../integration/readme/readme-calls.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createdOrder, createOrder, orderItem, orderRequest } from '../../support/order-requests.ts';
import { type CallOptions, unaryCall } from '../../support/unary-call.ts';
import { concat, delimited, hex, text } from '../../unit/idempotency/canonical/wire.ts';

const on = useOrderService();
let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

const place = (customerId: string, options: CallOptions = {}, note = '') =>
  createOrder(on.service.client, orderRequest({ customerId, note }), options);

// Adyen/adyen-commercetools#1305: a time in the request made a new key of every retry.
describe('what changes with every retry', () => {
  /** What the policy of Say leaves out: the time of the request, and the trace of each part. */
  const volatile: readonly (readonly [string, Partial<SayRequest>, Partial<SayRequest>])[] = [
    ['a time of the request', { requestTime: { seconds: 1n, nanos: 0 } }, { requestTime: { seconds: 2n, nanos: 9 } }],
    ['a time of the request, and none', { requestTime: { seconds: 1n, nanos: 0 } }, { requestTime: undefined }],
    ['a trace in a list', { parts: [{ name: 'p', trace: 'a' }] }, { parts: [{ name: 'p', trace: 'b' }] }],
    [
      'a trace in each of several parts',
      {
        parts: [
          { name: 'p', trace: 'a' },
          { name: 'q', trace: '' },
        ],
      },
      {
        parts: [
          { name: 'p', trace: '' },
          { name: 'q', trace: 'b' },
        ],
      },
    ],
  ];

  test.each(volatile)(
    'K12 is left out of key and fingerprint where the policy says so: %s',
    async (what, one, other) => {
      const first = await say(echo, { text: what, ...one });
      expect(toldBy(first)).toMatchObject({ source: 'derived', status: 'executed' });
      expect(toldBy(await say(echo, { text: what, ...other }))).toEqual({ ...toldBy(first), status: 'replayed' });
      // Under a key of the caller's own the change is no other request either.
      const key = what.replaceAll(/[ ,]+/g, '-');
      const own = await say(echo, { text: what, ...one }, { key });
      const again = await say(echo, { text: what, ...other }, { key });
      expect(toldBy(again)).toEqual({ ...toldBy(own), status: 'replayed' });
    },
  );

  test('K12 what is left out in one place is not left out where it means something', async () => {
    const request = (trace: string) => ({ text: 'elsewhere', namedParts: new Map([['a', { name: 'p', trace }]]) });
    expect(toldBy(await say(echo, request('a'))).status).toBe('executed');
    expect(toldBy(await say(echo, request('b'))).status).toBe('executed');
  });

  test('K12 what is left out is read all the same: broken bytes in it are refused', async () => {
    const rawBytes = Buffer.from(concat(text(1, 'left out'), delimited(3, text(1, 'p'), delimited(2, hex('ff')))));
    const refused = await unaryCall(echo.client, EchoServiceService.say, { rawBytes });
    expect(refused.errorInfo?.reason).toBe('REQUEST_MALFORMED');
  });

  test('K12 what stands beside the request is no part of it: metadata, deadline, trace', async () => {
    const first = await place('K12-metadata');
    const retries = ['a', 'b'].map((value, index) => {
      const metadata = new Metadata();
      metadata.set('traceparent', `00-${value.repeat(32)}-${value.repeat(16)}-01`);
      metadata.set('x-request-id', value);
      metadata.set('x-request-time-bin', Buffer.from(value));
      return place('K12-metadata', { metadata, deadlineMs: 10_000 + index });
    });
    for (const retry of await Promise.all(retries)) {
      expect(toldBy(retry)).toEqual({ ...toldBy(first), status: 'replayed' });
      expect(retry.response).toEqual(first.response);
    }
  });

  test('K12 no field of an order is volatile, and the README tells callers to choose a key and to keep it', () => {
    expect(readReadme()).toMatch(/Choose the key when you decide to place the order, not when you send it/);
  });
});

// markmhendrickson/neotoma#2375: two writes that were meant as two had the same derived key; the second one was answered with
// success, and nothing was written.
describe('the same basket twice, on purpose', () => {
  test('K13 without a key the second one is not placed, and its answer says so in two words', async () => {
    const [first, second] = [await place('K13'), await place('K13')];
    expect(toldBy(first)).toEqual({ key: expect.stringMatching(/^sha256-/), source: 'derived', status: 'executed' });
    expect(toldBy(second)).toEqual({ ...toldBy(first), status: 'replayed' });
    expect(createdOrder(second).orderId).toBe(createdOrder(first).orderId);
    expect(await on.stores.audit.effectsOf('K13')).toMatchObject({ orders: 1 });
  });

  test('K13 at the same moment it is the same: one order, and one of the answers says that it was placed', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => place('K13-at-once')));
    expect(answers.map((answer) => toldBy(answer).status).sort()).toEqual(['executed', ...Array(4).fill('replayed')]);
    expect(await on.stores.audit.effectsOf('K13-at-once')).toMatchObject({ orders: 1 });
  });

  test('K13 two keys are two orders, and so is a key beside none', async () => {
    const answers = [await place('K13-2'), await place('K13-2', { key: 'one' }), await place('K13-2', { key: 'two' })];
    expect(answers.map((answer) => toldBy(answer).status)).toEqual(['executed', 'executed', 'executed']);
    expect(await on.stores.audit.effectsOf('K13-2')).toMatchObject({ orders: 3 });
  });

  test('K13 a caller that sends the derived key as its own means the same record', async () => {
    const { key } = toldBy(await place('K13-own'));
    expect(toldBy(await place('K13-own', { key }))).toEqual({ key, source: 'client', status: 'replayed' });
    expect((await place('K13-own', { key }, 'another')).errorInfo?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test.each([
    ['another customer', { customerId: 'K13-near ' }],
    ['a note', { note: 'again' }],
    ['a blank in the note', { note: ' ' }],
    ['one more', { items: [orderItem({ quantity: 3 }), orderItem({ sku: 'cup', quantity: 1 })] }],
    ['the items the other way round', { items: [orderItem({ sku: 'cup', quantity: 1 }), orderItem()] }],
  ])('K13 a basket that differs a little is another: %s', async (_what, changes) => {
    await place('K13-near');
    const other = await createOrder(on.service.client, orderRequest({ customerId: 'K13-near', ...changes }));
    expect(toldBy(other).status).not.toBe('replayed');
  });

  test('K13 a day later the same basket is a new order', async () => {
    const first = await place('K13-next-day');
    await on.stores.redisClient.flushall();
    await on.stores.audit.run(
      `update idempotency_keys set created_at = created_at - interval '25 hours', expires_at = expires_at - interval '25 hours'
       where key = $1`,
      [toldBy(first).key],
    );
    expect(toldBy(await place('K13-next-day')).status).toBe('executed');
    expect(await on.stores.audit.effectsOf('K13-next-day')).toMatchObject({ orders: 2 });
  });

  test('K13 the README says it', () => {
    expect(readReadme()).toMatch(/Two equal orders within 24 hours\s+are then one order/);
    expect(readReadme()).toMatch(/\*\*Two orders without keys\.\*\*/);
  });
});
