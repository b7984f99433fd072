import { OrderError } from '../orders/errors.ts';
import { getOrder } from '../orders/get-order.ts';
import type { Order } from '../orders/order.ts';
import type { OrderEvent } from '../orders/order-event.ts';
import type { OrderEventReader, OrderReader } from '../orders/ports.ts';
import { isFinal } from '../orders/transitions.ts';
import type { EventFeed } from './event-feed.ts';
import { Signal } from './signal.ts';

export interface WatchOrderRequest {
  readonly orderId: string;
  /** The last sequence that was seen; 0: none. */
  readonly afterSequence: number;
}

export type News =
  /** The present state of the order. */
  { readonly kind: 'order'; readonly order: Order } | { readonly kind: 'event'; readonly event: OrderEvent };

export interface WatchOrderDependencies {
  readonly orders: OrderReader & OrderEventReader;
  readonly feed: EventFeed;
}

/** So many events wait for a watcher that does not read; what comes after them is read from the database when it does. */
const WAITING_EVENTS_MAX = 8;

/**
 * Follows an order: its present state, unless a sequence is given, then every change behind it, until the order has come to its end.
 * News are fetched when the watcher asks for them, so one that does not read costs no more than a few events.
 * @throws OrderError ORDER_NOT_FOUND, SEQUENCE_AHEAD, EVENTS_TRIMMED
 */
export async function* watchOrder(
  { orderId, afterSequence }: WatchOrderRequest,
  { orders, feed }: WatchOrderDependencies,
  signal: AbortSignal,
): AsyncGenerator<News> {
  const waiting: OrderEvent[] = [];
  const news = new Signal();
  /** The last sequence that was told. */
  let told = 0;
  let mayHaveMissed = false;
  const onEvent = (event: OrderEvent) => {
    told = event.sequence;
    if (waiting.length < WAITING_EVENTS_MAX) {
      waiting.push(event);
    }
    news.raise();
  };
  const onMissed = () => {
    told = 0;
    mayHaveMissed = true;
    waiting.length = 0;
    news.raise();
  };
  const subscription = feed.listen(orderId, { onEvent, onMissed });
  const onAbort = () => news.raise();
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([subscription.begun, aborted(signal)]);
    const order = await getOrder(orderId, orders);
    requireReached(order, afterSequence);
    let state = order.state;
    let seen = order.sequence;
    if (afterSequence === 0) {
      yield { kind: 'order', order };
    } else {
      seen = afterSequence;
      for (const event of await eventsBehind(seen, order, orders)) {
        ({ sequence: seen, state } = event);
        yield { kind: 'event', event };
      }
    }
    while (!isFinal(state) && !signal.aborted) {
      const next = waiting.shift();
      if (next === undefined && told <= seen && !mayHaveMissed) {
        await news.wait();
        continue;
      }
      // The next one follows, was seen before, or stands behind others that were not kept, which are read.
      let events: readonly OrderEvent[];
      if (next !== undefined && next.sequence <= seen + 1) {
        events = [next];
      } else if (mayHaveMissed) {
        // The database may have been put back: the order is gone, or has not come so far any more.
        const present = await getOrder(orderId, orders);
        requireReached(present, seen);
        if (present.sequence === seen && present.state !== state) {
          state = present.state;
          yield { kind: 'order', order: present };
        }
        events = await eventsBehind(seen, present, orders);
        mayHaveMissed = events.length > 0;
      } else {
        events = await eventsBehind(seen, { orderId, sequence: told }, orders);
      }
      for (const event of events.filter(({ sequence }) => sequence > seen)) {
        ({ sequence: seen, state } = event);
        yield { kind: 'event', event };
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    subscription.stop();
  }
}

function requireReached({ orderId, sequence }: Order, afterSequence: number): void {
  if (afterSequence > sequence) {
    throw new OrderError(
      'SEQUENCE_AHEAD',
      `The order ${orderId} has come to sequence ${sequence}; after_sequence ${afterSequence} is ahead of it.`,
      { facts: { orderId, sequence: String(sequence), afterSequence: String(afterSequence) } },
    );
  }
}

/** The events behind a sequence. An order that has had them all needs none. */
async function eventsBehind(
  afterSequence: number,
  order: Pick<Order, 'orderId' | 'sequence'>,
  reader: OrderEventReader,
): Promise<readonly OrderEvent[]> {
  const { orderId, sequence } = order;
  const events = afterSequence < sequence ? await reader.eventsOf(orderId, afterSequence) : [];
  if (afterSequence < sequence && events[0]?.sequence !== afterSequence + 1) {
    throw new OrderError(
      'EVENTS_TRIMMED',
      `The events of the order ${orderId} behind sequence ${afterSequence} are no longer kept. Begin with after_sequence 0.`,
      { facts: { orderId, afterSequence: String(afterSequence) } },
    );
  }
  return events;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
