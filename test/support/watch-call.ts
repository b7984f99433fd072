import { type Client, Metadata } from '@grpc/grpc-js';
import type { Order, OrderState } from '../../src/generated/orders/v1/order.ts';
import type { OrderEvent } from '../../src/generated/orders/v1/order_event.ts';
import { OrderServiceService, WatchOrderResponse } from '../../src/generated/orders/v1/order_service.ts';
import { type CallResult, resultOf, type status } from './unary-call.ts';

/** An open WatchOrder, and all that its caller has seen of it. */
export interface WatchCall extends Disposable {
  /** What was read so far. */
  readonly seen: readonly News[];
  /** Resolves when so many messages have been read; fails if the stream ends before. */
  read(count: number): Promise<void>;
  /** Resolves with the status, whatever it is. A paused watch never gets there. */
  readonly ended: Promise<WatchResult>;
  /** Stops reading, so that messages pile up on the way. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** A message: its sequence, its state, and what it is. */
export interface News {
  readonly kind: 'order' | 'event';
  readonly sequence: number;
  readonly state: OrderState | undefined;
  readonly order: Order | undefined;
  readonly event: OrderEvent | undefined;
}

export type WatchResult = Omit<CallResult, 'response'>;

export interface WatchOptions {
  readonly afterSequence?: number;
  readonly metadata?: Metadata;
  readonly deadlineMs?: number;
}

export function watchOrder(client: Client, orderId: string, options: WatchOptions = {}): WatchCall {
  const { afterSequence = 0, metadata = new Metadata(), deadlineMs } = options;
  const { path, requestSerialize } = OrderServiceService.watchOrder;
  const callOptions = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const request = { orderId, afterSequence };
  const stream = client.makeServerStreamRequest(path, requestSerialize, decodeNews, request, metadata, callOptions);
  const seen: News[] = [];
  const watchers = new Set<() => void>();
  const headers = new Metadata();
  let hadHeaders = false;
  let hasEnded = false;
  const told = () => {
    for (const watcher of watchers) watcher();
  };
  stream.on('data', (news: News) => {
    seen.push(news);
    told();
  });
  stream.on('metadata', (received) => {
    hadHeaders = true;
    headers.merge(received);
  });
  stream.on('error', () => {});
  const ended = new Promise<WatchResult>((resolve) => {
    stream.on('status', ({ code, details, metadata: trailers }) => {
      hasEnded = true;
      resolve(resultOf({ code, message: details, headers, trailers, hadHeaders }));
      told();
    });
  });
  const read = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const watcher = () => {
        if (seen.length < count && !hasEnded) return;
        watchers.delete(watcher);
        if (seen.length >= count) resolve();
        else reject(new Error(`the stream ended after ${seen.length} of ${count} messages`));
      };
      watchers.add(watcher);
      watcher();
    });
  return {
    seen,
    read,
    ended,
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    cancel: () => stream.cancel(),
    [Symbol.dispose]: () => stream.cancel(),
  };
}
