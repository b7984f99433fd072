import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, Metadata, status } from '@grpc/grpc-js';
import { OrderState as StateMessage } from '../generated/orders/v1/order.ts';
import { OrderServiceService, type WatchOrderResponse } from '../generated/orders/v1/order_service.ts';
import { type OrderState, orderStates } from '../orders/order.ts';
import type { Channels } from './channels.ts';
import { Dice } from './dice.ts';
import type { SeenChange } from './evidence.ts';
import type { Journal } from './journal.ts';
import { isRepeatable } from './persistent-call.ts';
import type { Tally } from './tally.ts';

export interface FollowDependencies {
  readonly channels: Channels;
  readonly tally: Tally;
  readonly journal: Journal;
  readonly seed: string;
  readonly patience: AbortSignal;
}

/** Watches an order to its end. A stream that breaks is taken up again behind what was seen. */
export async function followOrder(
  orderId: string,
  first: 0 | 1,
  { channels, tally, journal, seed, patience }: FollowDependencies,
): Promise<void> {
  const notes = journal.beginWatch(orderId);
  if (first === 1) {
    // The answer to CreateOrder has told of this one.
    notes.seen.push({ sequence: 1, state: 'PENDING' });
  }
  const dice = new Dice(seed, 'watch', orderId);
  while (!patience.aborted) {
    const after = notes.seen.at(-1)?.sequence ?? 0;
    const code = await watchOnce(channels.pick(dice).client, orderId, after, patience, (seen) => notes.seen.push(seen));
    if (code === status.OK) {
      notes.hasEnded = true;
      return;
    }
    if (patience.aborted || !isRepeatable(code)) {
      return;
    }
    tally.count('brokenStreams');
    await sleep(dice.between(20, 300), undefined, { signal: patience }).catch(() => {});
  }
}

function watchOnce(
  client: Client,
  orderId: string,
  afterSequence: number,
  patience: AbortSignal,
  onSeen: (seen: SeenChange) => void,
): Promise<status> {
  const { path, requestSerialize, responseDeserialize } = OrderServiceService.watchOrder;
  const request = { orderId, afterSequence };
  return new Promise((resolve) => {
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, new Metadata());
    const cancel = () => stream.cancel();
    patience.addEventListener('abort', cancel, { once: true });
    stream.on('data', (response: WatchOrderResponse) => onSeen(toSeen(response)));
    // The status says it.
    stream.on('error', () => {});
    stream.on('status', ({ code }) => {
      patience.removeEventListener('abort', cancel);
      // What came before the status is read by then.
      setImmediate(() => resolve(code));
    });
  });
}

function toSeen({ news }: WatchOrderResponse): SeenChange {
  switch (news?.$case) {
    case 'order':
      return { sequence: news.value.sequence, state: toState(news.value.state) };
    case 'event':
      return { sequence: news.value.sequence, state: toState(news.value.data?.state ?? 0) };
    case undefined:
      throw new Error('WatchOrder has told nothing');
  }
}

function toState(message: StateMessage): OrderState {
  const state = orderStates.find((name) => StateMessage[`ORDER_STATE_${name}`] === message);
  if (state === undefined) {
    throw new Error(`there is no state ${message}`);
  }
  return state;
}
