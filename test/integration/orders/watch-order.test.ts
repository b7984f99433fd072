import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cancelOrder, moveOrder, startTestRelay } from '../../support/order-life.ts';
import { createdOrder, createOrder, orderRequest } from '../../support/order-requests.ts';
import { status } from '../../support/unary-call.ts';
import { watchOrder } from '../../support/watch-call.ts';
import { useOrderService } from './use-order-service.ts';

const own = useOrderService();
let relay: ReturnType<typeof startTestRelay>;

beforeAll(() => {
  relay = startTestRelay(own.stores.databaseUrl);
}, 60_000);

afterAll(() => relay.stop());

async function place(): Promise<string> {
  const key = crypto.randomUUID();
  return createdOrder(await createOrder(own.service.client, orderRequest(), { key })).orderId;
}

function move(orderId: string, to: Parameters<typeof moveOrder>[2], reason?: string): Promise<void> {
  return moveOrder(own.stores.audit.run, orderId, to, reason);
}

async function confirmed(): Promise<string> {
  const orderId = await place();
  await move(orderId, 'PROCESSING');
  await move(orderId, 'CONFIRMED');
  return orderId;
}

test('a watcher is told the present state, then each change as it happens, and OK at the end', async () => {
  const orderId = await place();
  using watch = watchOrder(own.service.client, orderId);
  await watch.read(1);
  await move(orderId, 'PROCESSING');
  await watch.read(2);
  await move(orderId, 'REJECTED', 'tea is sold out');
  expect((await watch.ended).code).toBe(status.OK);
  expect(watch.story).toEqual(['order 1 PENDING', 'event 2 PROCESSING', 'event 3 REJECTED']);
  expect(watch.seen[2]?.news).toMatchObject({
    $case: 'event',
    value: {
      id: `${orderId}/3`,
      source: '/orders.v1.OrderService',
      specVersion: '1.0',
      type: 'orders.v1.order.rejected',
      subject: orderId,
      sequence: 3,
      data: { orderId, previousState: 2, state: 4, reason: 'tea is sold out' },
    },
  });
});

test('a cancel is told to who watches, with its reason', async () => {
  const orderId = await place();
  using watch = watchOrder(own.service.client, orderId);
  await watch.read(1);
  await cancelOrder(own.service.client, orderId, { reason: 'too late' });
  await watch.ended;
  expect(watch.story).toEqual(['order 1 PENDING', 'event 2 CANCELLED']);
  expect(watch.seen[1]?.news).toMatchObject({ value: { data: { reason: 'too late' } } });
});

test.each([
  [0, ['order 3 CONFIRMED']],
  [1, ['event 2 PROCESSING', 'event 3 CONFIRMED']],
  [2, ['event 3 CONFIRMED']],
  [3, []],
])('an order that has come to its end is told from sequence %d on, then OK', async (afterSequence, story) => {
  using watch = watchOrder(own.service.client, await confirmed(), { afterSequence });
  expect((await watch.ended).code).toBe(status.OK);
  expect(watch.story).toEqual(story);
});

test.each([
  [1, ['event 2 PROCESSING', 'event 3 CANCELLED']],
  [2, ['event 3 CANCELLED']],
])('a stream that is taken up again behind sequence %d goes on from there', async (afterSequence, story) => {
  const orderId = await place();
  await move(orderId, 'PROCESSING');
  using watch = watchOrder(own.service.client, orderId, { afterSequence });
  if (afterSequence === 1) await watch.read(1);
  await move(orderId, 'CANCELLED');
  expect((await watch.ended).code).toBe(status.OK);
  expect(watch.story).toEqual(story);
});

test.each([
  ['an id that is none', async () => 'x', 0, status.INVALID_ARGUMENT, 'INVALID_REQUEST'],
  [
    'an order that does not exist',
    async () => '00000000-0000-7000-8000-000000000000',
    0,
    status.NOT_FOUND,
    'ORDER_NOT_FOUND',
  ],
  ['a sequence that the order has not come to', place, 2, status.OUT_OF_RANGE, 'SEQUENCE_AHEAD'],
  ['a sequence beyond the end', confirmed, 4, status.OUT_OF_RANGE, 'SEQUENCE_AHEAD'],
  ['the greatest sequence there can be', place, 4_294_967_295, status.OUT_OF_RANGE, 'SEQUENCE_AHEAD'],
  [
    'events that are no longer kept',
    async () => {
      const orderId = await confirmed();
      await own.stores.audit.run('delete from order_events where order_id = $1 and sequence < 3', [orderId]);
      return orderId;
    },
    1,
    status.OUT_OF_RANGE,
    'EVENTS_TRIMMED',
  ],
])('(G3) %s is refused, without headers before', async (_name, arrange, afterSequence, code, reason) => {
  using watch = watchOrder(own.service.client, await arrange(), { afterSequence });
  const end = await watch.ended;
  expect(end.code).toBe(code);
  expect(end.details?.errorInfo).toMatchObject({ reason, domain: 'orders.v1' });
  expect(end.headers).toBeUndefined();
  expect(watch.seen).toEqual([]);
});

test("the caller's request id comes back in headers and trailers, also of a stream without a message", async () => {
  const orderId = await confirmed();
  const metadata = new Metadata();
  metadata.set('x-request-id', 'watch-7');
  for (const afterSequence of [0, 3]) {
    using watch = watchOrder(own.service.client, orderId, { metadata, afterSequence });
    const { headers, trailers } = await watch.ended;
    if (afterSequence === 0) expect(headers?.get('x-request-id')).toEqual(['watch-7']);
    expect(trailers.get('x-request-id')).toEqual(['watch-7']);
  }
});

test('a deadline ends a stream that has nothing to tell', async () => {
  using watch = watchOrder(own.service.client, await place(), { deadlineMs: 1_000 });
  await watch.read(1);
  expect((await watch.ended).code).toBe(status.DEADLINE_EXCEEDED);
});

test('100 watchers who come at any moment of an order that changes see all of its changes behind their first', async () => {
  const orderId = await place();
  const all = ['1 PENDING', '2 PROCESSING', '3 CONFIRMED'];
  const watches: ReturnType<typeof watchOrder>[] = [];
  const join = async () => {
    for (let count = 0; count < 34; count += 1) {
      watches.push(watchOrder(own.service.client, orderId, { afterSequence: count % 2 }));
      if (count % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await join();
  await Promise.all([join(), move(orderId, 'PROCESSING')]);
  await Promise.all([join(), move(orderId, 'CONFIRMED')]);
  const ends = await Promise.all(watches.map(({ ended }) => ended));
  expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([status.OK]));
  for (const [index, { story }] of watches.entries()) {
    const words = story.map((word) => word.replace(/^\w+ /, ''));
    expect(words).toEqual(all.slice(-words.length));
    // One that has seen the first event begins with the second; the others begin with the state.
    if (index % 2 === 1) expect(words).toEqual(all.slice(1));
    else expect(story[0]).toMatch(/^order /);
  }
});
