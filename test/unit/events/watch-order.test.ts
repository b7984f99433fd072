import { afterEach, expect, test } from '@jest/globals';
import { EventFeed } from '../../../src/events/event-feed.ts';
import { type News, watchOrder } from '../../../src/events/watch-order.ts';
import type { Order, OrderState } from '../../../src/orders/order.ts';
import type { OrderEvent } from '../../../src/orders/order-event.ts';
import { placeOrder } from '../../../src/orders/place-order.ts';
import { numberedEvent, StagedEvents, silentLogger } from './staged-events.ts';

const draft = {
  customerId: 'customer',
  items: [{ sku: 'tea', quantity: 1, unitPrice: { currency: 'EUR', units: 1n, nanos: 0 } }],
  total: { currency: 'EUR', units: 1n, nanos: 0 },
  note: '',
  labels: new Map<string, string>(),
};

/** An order whose life has as many changes as a test wants, with a feed that tells of them when the test says so. */
class StagedOrder {
  readonly placed = placeOrder(draft);
  readonly orderId = this.placed.orderId;
  readonly numbered = new StagedEvents();
  readonly feed = new EventFeed({ events: this.numbered, intervalMs: 600_000, logger: silentLogger });
  readonly reads = { find: 0, eventsOf: 0 };
  readonly ending = new AbortController();
  /** Runs inside a read of the order, before its answer. */
  onFind: (() => void) | undefined;
  /** Events with a lower sequence are no longer kept. */
  keptFrom = 1;
  #states: OrderState[] = ['PENDING'];

  get order(): Order {
    return { ...this.placed, state: this.#states.at(-1) ?? 'PENDING', sequence: this.#states.length };
  }

  change(state: OrderState = 'PROCESSING'): void {
    this.#states.push(state);
    this.numbered.add(this.orderId, this.#states.length, state);
  }

  /** Undoes the newest change, as a database does that is put back; whoever watches is told that it may have missed something. */
  async takeBack(then: () => void = () => {}): Promise<void> {
    this.numbered.fail = new Error('gone');
    await this.tell();
    this.numbered.fail = undefined;
    this.#states.pop();
    this.numbered.takeBack();
    await this.tell();
    then();
  }

  async tell(): Promise<void> {
    const { after } = this.numbered.queries;
    this.feed.nudge();
    await this.numbered.asked(after + 1);
  }

  watch(afterSequence = 0): AsyncGenerator<News> {
    const orders = {
      find: async () => {
        this.reads.find += 1;
        const found = this.order;
        this.onFind?.();
        return found;
      },
      list: async () => [],
      eventsOf: async (_orderId: string, after: number): Promise<readonly OrderEvent[]> => {
        this.reads.eventsOf += 1;
        const events = this.#states.map((state, index) => numberedEvent(this.orderId, index + 1, 0n, state));
        return events.filter(({ sequence }) => sequence > after && sequence >= this.keptFrom).slice(0, 100);
      },
    };
    return watchOrder({ orderId: this.orderId, afterSequence }, { orders, feed: this.feed }, this.ending.signal);
  }
}

const staged: StagedOrder[] = [];

function stage(): StagedOrder {
  const order = new StagedOrder();
  staged.push(order);
  return order;
}

afterEach(async () => {
  for (const { ending, feed } of staged.splice(0)) {
    ending.abort();
    await feed.close();
  }
});

function inWords(result: IteratorResult<News>): string {
  if (result.done) return 'end';
  const news: News = result.value;
  return news.kind === 'order'
    ? `order ${news.order.sequence} ${news.order.state}`
    : `event ${news.event.sequence} ${news.event.state}`;
}

/** So many messages, read one after the other. */
async function read(watch: AsyncGenerator<News>, count: number): Promise<string[]> {
  const words: string[] = [];
  while (words.length < count) words.push(inWords(await watch.next()));
  return words;
}

test('a watcher that does not read is told everything later, in order, though only eight changes have waited for it', async () => {
  const order = stage();
  const watch = order.watch();
  expect(await read(watch, 1)).toEqual(['order 1 PENDING']);
  for (let round = 0; round < 30; round += 1) {
    for (let change = 0; change < 10; change += 1) order.change();
    await order.tell();
  }
  order.change('CONFIRMED');
  await order.tell();
  expect(order.reads).toEqual({ find: 1, eventsOf: 0 });
  const sequences = Array.from({ length: 300 }, (_, index) => `event ${index + 2} PROCESSING`);
  expect(await read(watch, 302)).toEqual([...sequences, 'event 302 CONFIRMED', 'end']);
  // Eight had waited; what was dropped was read from the database, a hundred at a time.
  expect(order.reads.eventsOf).toBeGreaterThanOrEqual(3);
  expect(order.reads.eventsOf).toBeLessThanOrEqual(4);
});

test('a watcher that reads gets each change as it is told, without another look into the database', async () => {
  const order = stage();
  const watch = order.watch();
  await read(watch, 1);
  for (const [index, state] of (['PROCESSING', 'PROCESSING', 'REJECTED'] as const).entries()) {
    order.change(state);
    await order.tell();
    expect(await read(watch, 1)).toEqual([`event ${index + 2} ${state}`]);
  }
  expect(await read(watch, 1)).toEqual(['end']);
  expect(order.reads).toEqual({ find: 1, eventsOf: 0 });
});

test.each([
  ['told before the order is read', async (order: StagedOrder) => void order.change()],
  [
    'told while the order is read',
    async (order: StagedOrder) => {
      order.onFind = () => order.change();
    },
  ],
])('a change that is %s comes once', async (_name, arrange) => {
  const order = stage();
  // Somebody else listens already, so that the feed is ahead of the watcher.
  const other = order.feed.listen('another', { onEvent: () => {}, onMissed: () => {} });
  await other.begun;
  await order.numbered.asked(1);
  await arrange(order);
  const watch = order.watch();
  const first = await read(watch, 1);
  await order.tell();
  order.change('CANCELLED');
  await order.tell();
  const [, sequence = '0'] = / (\d) /.exec(first[0] ?? '') ?? [];
  const rest = await read(watch, 4 - Number(sequence));
  expect([...first, ...rest].map((word) => word.replace(/^\w+ /, '')).slice(-3)).toEqual([
    ...(sequence === '1' ? ['2 PROCESSING'] : first.map(() => '2 PROCESSING')),
    '3 CANCELLED',
    'end',
  ]);
  other.stop();
});

test.each([
  [1, ['event 2 PROCESSING', 'event 3 CONFIRMED', 'end']],
  [2, ['event 3 CONFIRMED', 'end']],
  [3, ['end']],
])('an order that has come to its end is told from sequence %d on, and no more', async (afterSequence, expected) => {
  const order = stage();
  order.change();
  order.change('CONFIRMED');
  expect(await read(order.watch(afterSequence), expected.length)).toEqual(expected);
  expect(order.feed.listenersNow).toBe(0);
});

test('a sequence that the order has not come to is refused, with both numbers', async () => {
  const order = stage();
  order.change();
  await expect(order.watch(3).next()).rejects.toMatchObject({
    reason: 'SEQUENCE_AHEAD',
    facts: { orderId: order.orderId, sequence: '2', afterSequence: '3' },
  });
  expect(order.feed.listenersNow).toBe(0);
});

test.each([2, 3])('events that are no longer kept are not left out in silence: kept from sequence %d', async (kept) => {
  const order = stage();
  order.change();
  order.change('CONFIRMED');
  order.keptFrom = kept + 1;
  await expect(order.watch(kept - 1).next()).rejects.toMatchObject({
    reason: 'EVENTS_TRIMMED',
    facts: { orderId: order.orderId, afterSequence: String(kept - 1) },
  });
});

test('a watcher that reads too late for the events that are kept is told so, and does not wait for ever', async () => {
  const order = stage();
  const watch = order.watch();
  await read(watch, 1);
  for (let change = 0; change < 20; change += 1) order.change();
  order.change('CONFIRMED');
  await order.tell();
  order.keptFrom = 100;
  await read(watch, 8);
  await expect(watch.next()).rejects.toMatchObject({ reason: 'EVENTS_TRIMMED' });
});

/** A watcher that has been told that its order is being processed. */
async function watchedWhileProcessed() {
  const order = stage();
  const watch = order.watch();
  await read(watch, 1);
  order.change();
  await order.tell();
  expect(await read(watch, 1)).toEqual(['event 2 PROCESSING']);
  return { order, watch };
}

test('a watcher of an order that was put back is told so, and does not wait for ever', async () => {
  const { order, watch } = await watchedWhileProcessed();
  const next = watch.next();
  next.catch(() => {});
  await order.takeBack();
  await expect(next).rejects.toMatchObject({ reason: 'SEQUENCE_AHEAD' });
});

test('a watcher of an order that was put back, and came to another end under the same number, is told the order as it is', async () => {
  const { order, watch } = await watchedWhileProcessed();
  await order.takeBack(() => order.change('CANCELLED'));
  expect(await read(watch, 2)).toEqual(['order 2 CANCELLED', 'end']);
});

test('a watcher of an order that has gone on meanwhile is told of that', async () => {
  const { order, watch } = await watchedWhileProcessed();
  order.change();
  await order.tell();
  await order.takeBack();
  order.change('CANCELLED');
  await order.tell();
  expect(await read(watch, 2)).toEqual(['event 3 CANCELLED', 'end']);
});

test('a watch that is ended while it waits for news ends, and nobody listens any more', async () => {
  const order = stage();
  const watch = order.watch();
  await read(watch, 1);
  expect(order.feed.listenersNow).toBe(1);
  const next = watch.next();
  order.ending.abort();
  expect(inWords(await next)).toBe('end');
  expect(order.feed.listenersNow).toBe(0);
});

test('a watch that begins while the database fails is refused, and nobody listens any more', async () => {
  const order = stage();
  order.numbered.fail = new Error('gone');
  await expect(order.watch().next()).rejects.toThrow('gone');
  expect(order.feed.listenersNow).toBe(0);
});
