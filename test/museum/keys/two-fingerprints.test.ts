import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EchoServiceService, SayRequest } from '../../generated/echo/v1/echo_service.ts';
import { toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import {
  createdOrder,
  createOrder,
  euros,
  getOrder,
  orderItem,
  orderRequest,
  readOrder,
} from '../../support/order-requests.ts';
import { unaryCall } from '../../support/unary-call.ts';

const on = useOrderService();
let stage: Stage;
let echo: EchoService;
/** The request as the handler saw it, by its key. */
const seen = new Map<string, SayRequest>();

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

/** Sends two requests without a key, and gives what the handler saw of both. They have to be two. */
async function sendBoth(text: string, one: Partial<SayRequest>, other: Partial<SayRequest>) {
  stage.whenSaying(text, ({ record }, request) => void seen.set(record.key.value, request));
  const requests = [one, other].map((request) => ({ ...SayRequest.fromPartial({ text }), ...request }));
  const answers = [];
  for (const request of requests) answers.push(await unaryCall(echo.client, EchoServiceService.say, request));
  const told = answers.map(toldBy);
  expect(told.map(({ source, status }) => [source, status])).toEqual([
    ['derived', 'executed'],
    ['derived', 'executed'],
  ]);
  expect(told[0]?.key).not.toBe(told[1]?.key);
  return told.map(({ key = '' }) => seen.get(key));
}

const at = (seconds: bigint, nanos: number) => ({ eventTime: { seconds, nanos } });
const JUST_BEYOND_DOUBLE = 2n ** 53n + 1n;

// cosmos/cosmjs-types#22, stephenh/ts-proto#1271: a time was kept as a Date, whose unit is the millisecond.
describe('numbers that a number or a Date of JavaScript cannot tell apart', () => {
  test.each([
    ['one nanosecond', at(1_700_000_000n, 1), at(1_700_000_000n, 2)],
    ['the last nanosecond before a second', at(1n, 999_999_999), at(2n, 0)],
    ['one nanosecond before 1970', at(-1n, 1), at(-1n, 2)],
    ['one nanosecond beyond the last Date', at(8_640_000_000_001n, 1), at(8_640_000_000_001n, 2)],
    ['one second beyond 2^53', at(JUST_BEYOND_DOUBLE, 0), at(JUST_BEYOND_DOUBLE - 1n, 0)],
    ['a time of zero, and no time', at(0n, 0), {}],
    ['one in 2^53 and more', { serial: JUST_BEYOND_DOUBLE }, { serial: JUST_BEYOND_DOUBLE - 1n }],
    ['the highest bit of 64', { serial: 2n ** 63n }, { serial: 2n ** 63n - 1n }],
    ['the last bit of a fraction', { fraction: 0.3 }, { fraction: 0.1 + 0.2 }],
  ])('K6 %s makes two requests, and the handler gets each exactly', async (title, one, other) => {
    const [first, second] = await sendBoth(title, one, other);
    expect(first).toMatchObject(one);
    expect(second).toMatchObject(other);
  });

  test('K6 one in 10^15 units of money makes two orders, and both are stored exactly', async () => {
    const units = 999_999_999_999_998n;
    for (const [price, nanos] of [
      [units, 0],
      [units, 10_000_000],
      [units - 1n, 0],
    ] as const) {
      const items = [orderItem({ quantity: 1, unitPrice: euros(price, nanos) })];
      const placed = await createOrder(on.service.client, orderRequest({ customerId: 'K6', items }));
      expect(toldBy(placed)).toMatchObject({ source: 'derived', status: 'executed' });
      const { orderId } = createdOrder(placed);
      expect(readOrder(await getOrder(on.service.client, orderId)).total).toEqual(euros(price, nanos));
    }
    expect(await on.stores.audit.effectsOf('K6')).toMatchObject({ orders: 3 });
  });
});

const inherited = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', '__defineGetter__'];
const part = { name: 'part', trace: '' };

// stephenh/ts-proto#1267: maps were read into objects, where some names mean something already.
describe('map entries with names that every object has', () => {
  test.each(inherited)(
    'K7 with and without the entry %s: two requests, and the handler sees the entry',
    async (name) => {
      const texts = await sendBoth(`text ${name}`, { labels: new Map([[name, 'x']]) }, { labels: new Map() });
      expect(texts.map((request) => request?.labels)).toEqual([new Map([[name, 'x']]), new Map()]);
      const parts = await sendBoth(`part ${name}`, { namedParts: new Map([[name, part]]) }, { namedParts: new Map() });
      expect(parts.map((request) => request?.namedParts)).toEqual([new Map([[name, part]]), new Map()]);
    },
  );

  test('K7 an order keeps such labels: in its answer, in the database and in a replay', async () => {
    const labels = new Map(inherited.map((name) => [name, `${name}!`]));
    const request = orderRequest({ customerId: 'K7', labels });
    const placed = await createOrder(on.service.client, request);
    const { orderId } = createdOrder(placed);
    expect(createdOrder(placed).labels).toEqual(labels);
    expect(readOrder(await getOrder(on.service.client, orderId)).labels).toEqual(labels);
    expect((await createOrder(on.service.client, request)).response).toEqual(placed.response);
    const without = await createOrder(on.service.client, orderRequest({ customerId: 'K7' }));
    expect(toldBy(without).status).toBe('executed');
    expect(Object.getOwnPropertyNames(Object.prototype)).toContain('hasOwnProperty');
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});
