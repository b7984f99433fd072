import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateOrderRequest, OrderServiceService } from '../../../src/generated/orders/v1/order_service.ts';
import { EchoServiceService } from '../../generated/echo/v1/echo_service.ts';
import { toldBy } from '../../integration/idempotency/stage/calls.ts';
import { openStage, type Stage } from '../../integration/idempotency/stage/stage.ts';
import { openRawConnection } from '../../integration/limits/raw-connection.ts';
import { useOrderService } from '../../integration/orders/use-order-service.ts';
import type { EchoService } from '../../support/echo-service.ts';
import { createOrder, orderItem, orderRequest } from '../../support/order-requests.ts';
import { type CallResult, status, unaryCall } from '../../support/unary-call.ts';
import { malformedFraming } from '../../unit/idempotency/canonical/malformed-framing.ts';
import { malformedSayRequests } from '../../unit/idempotency/canonical/malformed-values.ts';
import { concat, delimited, hex, text } from '../../unit/idempotency/canonical/wire.ts';

const on = useOrderService();
let stage: Stage;
let echo: EchoService;

beforeAll(async () => {
  stage = await openStage();
  echo = await stage.startService();
});

afterAll(() => stage.close());

function expectMalformed(result: CallResult): void {
  expect(result).toMatchObject({
    code: status.INVALID_ARGUMENT,
    response: undefined,
    errorInfo: { reason: 'REQUEST_MALFORMED' },
    hadHeaders: false,
  });
}

/** The order is refused, leaves nothing behind, and its key is free for the right one. */
async function expectNoOrder(name: string, bytes: Uint8Array): Promise<void> {
  const key = name.replaceAll(' ', '-');
  const raw = { rawBytes: Buffer.from(bytes) };
  const refused = await unaryCall(on.service.client, OrderServiceService.createOrder, raw, { key });
  expectMalformed(refused);
  expect(toldBy(refused)).toEqual({ key, source: 'client', status: undefined });
  expectMalformed(await unaryCall(on.service.client, OrderServiceService.createOrder, raw));
  expect(await on.stores.audit.effectsOf(name)).toEqual({ orders: 0, items: 0, entries: 0 });
  const right = await createOrder(on.service.client, orderRequest({ customerId: name }), { key });
  expect(toldBy(right)).toEqual({ key, source: 'client', status: 'executed' });
}

const items = CreateOrderRequest.encode({ ...orderRequest(), customerId: '' }).finish();
const oneItem = CreateOrderRequest.encode(orderRequest({ customerId: '', items: [orderItem()] })).finish();

/** What may stand between a customer and the items, or at an item's end, and ends a careless reader's loop without a word. */
const stops: Readonly<Record<string, string>> = {
  'a zero byte': '00',
  'two zero bytes': '00 00',
  'an overlong zero tag': '80 00',
  'field 0 with a length': '02 01 41',
  'the end of a group that was not begun': '0c',
  'the end of group 0': '04',
  'the end of a group of an unknown number': 'fc 06',
  'a group that is never ended': 'fb 06',
  'a wire type that does not exist': '0e',
  'a tag of more than 32 bits': '8a 80 80 80 10 00',
};

// protocolbuffers/protobuf#3190, bufbuild/protobuf-es#810, protobufjs/protobuf.js#2199: the decoder stopped half way, and what
// it had read by then was taken for the whole.
describe('half an order is no order', () => {
  test.each(Object.entries(stops))('K8 %s before the items', async (what, stop) => {
    await expectNoOrder(`K8 ${what}`, concat(text(1, `K8 ${what}`), hex(stop), items));
  });

  test.each(Object.entries(stops))('K8 %s behind one of the items', async (what, stop) => {
    const name = `K8 item ${what}`;
    const broken = delimited(2, text(1, 'tea'), hex(stop), hex('10 02'));
    await expectNoOrder(name, concat(text(1, name), oneItem, broken));
  });

  test('K8 every cut through an order is refused, or is a shorter list of whole fields', async () => {
    const whole = concat(text(1, 'K8-cut'), oneItem);
    const fieldEnds = [0, text(1, 'K8-cut').length, whole.length];
    const cuts = Array.from({ length: whole.length }, (_, length) => length).filter((cut) => !fieldEnds.includes(cut));
    expect(cuts.length).toBeGreaterThan(20);
    for (const cut of cuts) {
      const raw = { rawBytes: Buffer.from(whole.subarray(0, cut)) };
      expectMalformed(await unaryCall(on.service.client, OrderServiceService.createOrder, raw));
    }
    expect(await on.stores.audit.effectsOf('K8-cut')).toMatchObject({ orders: 0 });
  });

  const orderId = '0190f5c2-1c3d-7a4b-8c9d-0123456789ab';
  test.each([
    ...Object.entries(stops).map(([what, stop]) => [what, concat(text(1, orderId), hex(stop), hex('10 05'))] as const),
    ['the end, in the middle of a text', text(1, orderId).subarray(0, 20)],
    ['a text that is not UTF-8', delimited(1, hex('ff 41'))],
  ] as const)('K8 the request of a stream is no shorter one either: %s', async (_what, bytes) => {
    using connection = await openRawConnection(on.service.port);
    const { code, errorInfo } = await connection.call(OrderServiceService.watchOrder.path, bytes);
    expect([code, errorInfo?.reason]).toEqual([status.INVALID_ARGUMENT, 'REQUEST_MALFORMED']);
  });

  test.each(malformedFraming)('K8 no handler sees it: %s', async (_what, bytes) => {
    const runsBefore = echo.runs();
    expectMalformed(await unaryCall(echo.client, EchoServiceService.say, { rawBytes: Buffer.from(bytes) }));
    expect(echo.runs()).toBe(runsBefore);
  });
});

const notUtf8: Readonly<Record<string, string>> = {
  'ff 41': 'ff 41',
  'fe 41': 'fe 41',
  'a character that is cut off': 'e2 82',
  'a longer form than needed': 'c0 80',
  'half of a surrogate pair': 'ed a0 80',
  'both halves of a surrogate pair': 'ed a0 bd ed b8 80',
  'beyond the last character': 'f4 90 80 80',
  'a byte that only goes on': '80 41',
};

// protobufjs/protobuf.js#2436, protocolbuffers/protobuf-javascript#23: whatever was broken became the same replacement character.
describe('text that is not UTF-8', () => {
  test.each(Object.entries(notUtf8))('K9 is refused wherever it stands in an order: %s', async (what, bytes) => {
    const broken = hex(bytes);
    const name = `K9 ${what}`;
    const customer = concat(delimited(1, broken), items);
    const sku = concat(text(1, name), oneItem, delimited(2, delimited(1, broken), hex('10 01')));
    const note = concat(text(1, name), items, delimited(3, broken));
    const labelName = concat(text(1, name), items, delimited(4, delimited(1, broken), text(2, 'x')));
    const labelText = concat(text(1, name), items, delimited(4, text(1, 'x'), delimited(2, broken)));
    const places = { customer, sku, note, labelName, labelText };
    for (const [place, order] of Object.entries(places)) await expectNoOrder(`${name} ${place}`, order);
  });

  test('K9 two texts that are the same to the eye of a careless decoder are two orders', async () => {
    for (const note of ['\ufffdA', '\ufeffA', 'A']) {
      const placed = await createOrder(on.service.client, orderRequest({ customerId: 'K9', note }));
      expect(toldBy(placed)).toMatchObject({ source: 'derived', status: 'executed' });
    }
    expect(
      (await on.stores.audit.run("select note from orders where customer_id = 'K9' order by order_id")).map(
        ({ note }) => note,
      ),
    ).toEqual(['\ufffdA', '\ufeffA', 'A']);
  });

  test.each(malformedSayRequests)('K9 no handler sees it: %s', async (_what, bytes) => {
    const runsBefore = echo.runs();
    expectMalformed(await unaryCall(echo.client, EchoServiceService.say, { rawBytes: Buffer.from(bytes) }));
    expect(echo.runs()).toBe(runsBefore);
  });
});
